"""Speak OAuth 2.0 with Google on behalf of a web application; stores nothing.

google-auth-oauthlib refuses plain http addresses unless an environment variable switches its checks off for the whole
process, so consent and exchange are written here (RFC 6749, RFC 7636); refreshing is google-auth's.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode

import requests
from google.oauth2 import service_account
from google.oauth2.credentials import Credentials

from gmail import failures
from gmail.errors import Refused, Transient

SCOPES = ("https://www.googleapis.com/auth/gmail.readonly",)
TIMEOUT = 20.0
LONGEST_GRANT = 10 * 366 * 86_400  # seconds; what claims to live longer is taken for one without an end

U = TypeVar("U", bound=Credentials)
S = TypeVar("S", bound=service_account.Credentials)


@dataclass(frozen=True)
class OAuthClient:
    """A registered web application; `base_url` "" is the real Google."""

    client_id: str
    client_secret: str = field(repr=False)
    base_url: str = ""

    @property
    def consent_uri(self) -> str:
        return _address(self.base_url, "https://accounts.google.com", "/o/oauth2/v2/auth")

    @property
    def token_uri(self) -> str:
        return _address(self.base_url, "https://oauth2.googleapis.com", "/token")

    @property
    def revoke_uri(self) -> str:
        return _address(self.base_url, "https://oauth2.googleapis.com", "/revoke")


def _address(base_url: str, google: str, path: str) -> str:
    return (base_url.rstrip("/") or google) + path


def credentials(
    client: OAuthClient,
    *,
    refresh_token: str,
    token: str | None = None,
    expiry: datetime | None = None,
    kind: type[U] = Credentials,  # type: ignore[assignment]
) -> U:
    """Credentials that refresh themselves; `expiry` is when `token` ends, aware or naive UTC. `kind` may add to how."""
    return kind(
        token=token,
        refresh_token=refresh_token,
        token_uri=client.token_uri,
        client_id=client.client_id,
        client_secret=client.client_secret,
        scopes=list(SCOPES),
        expiry=_naive_utc(expiry),
    )


def _naive_utc(moment: datetime | None) -> datetime | None:
    # google-auth compares with naive datetimes and raises TypeError for aware ones.
    return moment.astimezone(UTC).replace(tzinfo=None) if moment and moment.tzinfo else moment


def consent_url(client: OAuthClient, *, redirect_uri: str, state: str, login_hint: str = "") -> tuple[str, str]:
    """Where to send the browser, with the PKCE code verifier to keep in the session for `exchange`."""
    verifier = secrets.token_urlsafe(64)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(SCOPES),
        "state": state,
        "access_type": "offline",
        "prompt": "consent",  # Google gives a refresh token at the first consent only, unless asked again
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    if login_hint:
        query["login_hint"] = login_hint
    return f"{client.consent_uri}?{urlencode(query)}", verifier


@dataclass(frozen=True, slots=True)
class Permission:
    """What a consent gave; `ends_at` is None where Google names no end, as it does for projects in testing."""

    credentials: Credentials = field(repr=False)
    ends_at: datetime | None = None


def exchange(client: OAuthClient, *, redirect_uri: str, code: str, code_verifier: str) -> Permission:
    """What a consent's code stands for.

    Raises GrantRevoked (code used, too old, or not ours), Refused (reason "insufficient_scope" when the user withheld
    the mail), Transient.
    """
    answer = _post(
        client.token_uri,
        {
            "grant_type": "authorization_code",
            "client_id": client.client_id,
            "client_secret": client.client_secret,
            "redirect_uri": redirect_uri,
            "code": code,
            "code_verifier": code_verifier,
        },
    )
    granted = str(answer.get("scope", " ".join(SCOPES))).split()
    if not set(SCOPES) <= set(granted):
        raise Refused("The user did not grant access to the mail", reason="insufficient_scope")
    try:
        token, seconds = str(answer["access_token"]), int(answer.get("expires_in", 3599))
    except (KeyError, TypeError, ValueError) as error:
        raise Transient("Google's token answer is incomplete") from error
    expiry = datetime.now(UTC) + timedelta(seconds=seconds)
    fresh: Credentials = credentials(
        client, refresh_token=str(answer.get("refresh_token", "")), token=token, expiry=expiry
    )
    return Permission(fresh, _end(answer.get("refresh_token_expires_in")))


def _end(seconds: Any) -> datetime | None:
    """When a refresh token ends that lives for so many `seconds`; nonsense is no end."""
    try:
        left = int(seconds)
    except (TypeError, ValueError):
        return None
    return datetime.now(UTC) + timedelta(seconds=left) if 0 < left <= LONGEST_GRANT else None


def granted(client: OAuthClient, refresh_token: str) -> frozenset[str]:
    """The scopes that a grant holds, as Google says at a refresh. Raises GrantRevoked, Refused, Transient."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    answer = _post(client.token_uri, form | {"client_id": client.client_id, "client_secret": client.client_secret})
    return frozenset(str(answer.get("scope", " ".join(SCOPES))).split())


def revoke(client: OAuthClient, token: str) -> None:
    """End the grant that a refresh or access token belongs to; one that has ended already is fine."""
    try:
        _post(client.revoke_uri, {"token": token})
    except Refused as error:
        if error.reason != "invalid_token":
            raise


def _post(uri: str, form: Mapping[str, str]) -> Mapping[str, Any]:
    try:
        answer = requests.post(uri, data=form, timeout=TIMEOUT, allow_redirects=False)
    except failures.LIBRARY_FAILURES as error:
        raise failures.from_exception(error) from None  # the cause may quote the form
    try:
        body = answer.json()
    except ValueError:
        body = {}
    if not isinstance(body, dict):
        body = {}
    if answer.status_code != 200:
        word = str(body.get("error", "")) or f"http_{answer.status_code}"
        raise failures.from_oauth_word(word, str(body.get("error_description", "")), answer.status_code)
    return body


def service_account_credentials(
    info: Mapping[str, Any],
    subject: str,
    *,
    base_url: str = "",
    kind: type[S] = service_account.Credentials,  # type: ignore[assignment]
) -> S:
    """Credentials of a service account that acts for `subject` by domain-wide delegation. `kind` as in `credentials`.

    `info` is the parsed key file; raises Refused when it is none.
    """
    where = {"token_uri": _address(base_url, "", "/token")} if base_url else {}
    try:
        return kind.from_service_account_info({**info, **where}, scopes=list(SCOPES), subject=subject)
    except (ValueError, KeyError, TypeError):
        raise Refused("This is no service account key", reason="service_account") from None
