"""Check that Google knows this installation."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests
from django.conf import settings

from gmail import failures, oauth
from gmail.errors import GmailError, GrantRevoked, Refused, Transient
from mailsync.credentials import oauth_client
from mailsync.doctor.configuration import CALLBACK
from mailsync.doctor.registry import Finding, bad, ok

PATIENCE = 10.0  # seconds
MOST_DRIFT = 8.0  # seconds; at ten, signed tokens are refused
SUFFIX = ".apps.googleusercontent.com"


def consent() -> Iterator[Finding]:
    """Whether Google would show its consent page, and what time it is there."""
    client = oauth_client()
    if not client.client_id:
        yield bad("GOOGLE_CLIENT_ID is not set: nobody can connect a mailbox.", "Make an OAuth client: docs/google.md.")
        return
    url, _ = oauth.consent_url(client, redirect_uri=settings.PUBLIC_URL + CALLBACK, state="doctor")
    try:
        answer = requests.get(url, timeout=PATIENCE, allow_redirects=False)
    except failures.LIBRARY_FAILURES as error:
        yield bad(
            f"Google's consent page is out of reach ({type(error).__name__}): {client.consent_uri}.",
            "Let this machine reach accounts.google.com, oauth2.googleapis.com, gmail.googleapis.com and www.googleapis.com on 443"
            if not settings.GOOGLE_BASE_URL
            else "Start the simulator, or correct GOOGLE_BASE_URL.",
        )
        return
    if answer.status_code >= 400 or "/oauth/error" in answer.headers.get("Location", ""):
        yield bad(
            "Google shows an error instead of its consent page.",
            f"See that the OAuth client exists, and lists {settings.PUBLIC_URL + CALLBACK} among its redirect URIs.",
        )
    else:
        yield ok("Google shows its consent page.")
    yield from time_at_google(answer.headers.get("Date", ""), datetime.now(UTC))


def time_at_google(said: str, now: datetime) -> Iterator[Finding]:
    """By the header Date of an answer."""
    try:
        drift = abs((parsedate_to_datetime(said) - now).total_seconds())
    except (TypeError, ValueError):
        return
    if drift > MOST_DRIFT:
        yield bad(
            f"This machine's clock differs from Google's by {drift:.0f} s: signed tokens are refused.",
            "Let it keep time by NTP (timedatectl set-ntp true).",
        )


def client() -> Iterator[Finding]:
    """Whether Google knows the client by this secret: a code that is none is refused otherwise than a stranger is."""
    mine = oauth_client()
    if not settings.GOOGLE_BASE_URL and not mine.client_id.endswith(SUFFIX):
        yield bad(
            f"GOOGLE_CLIENT_ID does not end in {SUFFIX}.",
            "Copy it from Google's console: APIs & Services, Credentials.",
        )
        return
    try:
        oauth.exchange(mine, redirect_uri=settings.PUBLIC_URL + CALLBACK, code="doctor", code_verifier="d" * 43)
    except GrantRevoked:
        yield ok("Google knows the OAuth client and its secret.")
    except Refused as refusal:
        yield _refused(refusal)
    except (Transient, GmailError) as error:
        yield bad(f"Google's token endpoint is out of reach: {error}.", "See what stands between: a firewall, a proxy.")


def _refused(refusal: Refused) -> Finding:
    if refusal.reason == "invalid_client":
        return bad(
            "Google does not know the OAuth client by this secret.",
            "Copy GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET anew from Google's console: APIs & Services, Credentials.",
        )
    if refusal.reason == "redirect_uri_mismatch":
        return bad(
            "The OAuth client does not list our redirect URI.",
            f"Add {settings.PUBLIC_URL + CALLBACK} in Google's console: APIs & Services, Credentials.",
        )
    return bad(f"Google refuses the OAuth client: {refusal}.", "docs/google.md says what its words mean.")
