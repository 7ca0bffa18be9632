"""Tell from an exception of the HTTP or OAuth libraries what went wrong.

Their texts may quote answers and requests, so only Google's own error words are taken over.
"""

import http.client
import zlib
from collections.abc import Mapping

import google.auth.exceptions
import httplib2
import requests
import urllib3.exceptions
from httplib2.decode import DecodeLimitError, DecodeRatioError

from gmail.errors import GmailError, GrantRevoked, Refused, Transient

# Grants that only the user (or the Workspace administrator) can renew.
DEAD_GRANT = frozenset({"invalid_grant", "admin_policy_enforced", "access_denied", "consent_required"})
WIRE_FAILURES = (
    OSError,  # time-outs, resets, TLS; also requests.RequestException
    http.client.HTTPException,
    httplib2.HttpLib2Error,
    urllib3.exceptions.HTTPError,
    zlib.error,
)
TOO_DENSE = (DecodeRatioError, DecodeLimitError)
LIBRARY_FAILURES = (*WIRE_FAILURES, *TOO_DENSE, google.auth.exceptions.GoogleAuthError)
# What a keep-alive connection says when the server has closed it meanwhile.
BROKEN_CONNECTION = (ConnectionError, http.client.RemoteDisconnected, http.client.BadStatusLine)


def from_exception(error: BaseException) -> GmailError:
    """The error that one of LIBRARY_FAILURES means."""
    if isinstance(error, google.auth.exceptions.RefreshError):
        return from_refresh(error)
    if isinstance(error, google.auth.exceptions.TransportError):
        return Transient("Google's token endpoint is out of reach")
    if isinstance(error, google.auth.exceptions.GoogleAuthError):
        return Refused(f"The credentials are unusable ({type(error).__name__})", reason="credentials")
    if isinstance(error, TOO_DENSE):
        return Refused("The answer expands beyond all measure", reason="compression")
    if isinstance(error, (TimeoutError, requests.Timeout)):
        return Transient("Google does not answer in time")
    return Transient(f"The connection to Google failed ({type(error).__name__})")


def from_refresh(error: google.auth.exceptions.RefreshError) -> GmailError:
    """The error that a failed refresh means, read from the OAuth answer that it carries."""
    answer = error.args[1] if len(error.args) > 1 and isinstance(error.args[1], Mapping) else {}
    word = str(answer.get("error", ""))[:100]
    if word:
        return from_oauth_word(word, str(answer.get("error_description", "")))
    if error.retryable:
        return Transient("The access token could not be refreshed")
    if len(error.args) == 1:
        # google-auth says so in words only: there is no refresh token, or Google wants the user to sign in again.
        return GrantRevoked("The access token cannot be refreshed without the user")
    return Refused("Google's token endpoint gave an answer that is none", reason="token_answer")


def from_oauth_word(word: str, description: str = "", status: int = 400) -> GmailError:
    """The error that an OAuth error word means (RFC 6749, section 5.2)."""
    text = f"{word}: {description[:200]}" if description else word
    if word in DEAD_GRANT:
        return GrantRevoked(text)
    if word in ("server_error", "temporarily_unavailable", "internal_failure") or status >= 500 or status == 429:
        return Transient(text)
    return Refused(text, status=status, reason=word)
