"""Turn a person's consent at Google into a grant, with the address of the mailbox that it opens."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from google.oauth2.credentials import Credentials

from gmail import oauth
from gmail.client import GmailClient
from gmail.errors import Refused, Transient
from mailsync.credentials import oauth_client, user_grant

PATIENCE = 8.0  # seconds of repetitions while a person waits for the page
TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Consent:
    """Which mailbox, the grant as `connect` takes it, when Google will end it (None: it names no end)."""

    email: str
    grant: str = field(repr=False)
    ends_at: datetime | None = None


def ask(*, redirect_uri: str, state: str, login_hint: str) -> tuple[str, str]:
    """Google's consent page for the browser, with the code verifier to keep for `complete`."""
    return oauth.consent_url(oauth_client(), redirect_uri=redirect_uri, state=state, login_hint=login_hint)


def complete(*, redirect_uri: str, code: str, code_verifier: str) -> Consent:
    """What the person consented to.

    Raises GrantRevoked (the code is used, too old or not ours), Refused (reason "insufficient_scope" when the mail was
    withheld, "no_refresh_token" when Google gave access for an hour only), RateLimited, Transient.
    """
    given = oauth.exchange(oauth_client(), redirect_uri=redirect_uri, code=code, code_verifier=code_verifier)
    if not given.credentials.refresh_token:
        raise Refused("Google gave no lasting access", reason="no_refresh_token")
    return Consent(_address(given.credentials), user_grant(given.credentials.refresh_token), given.ends_at)


def _address(credentials: Credentials) -> str:
    """Google's word for whose mailbox it is; its few units are spent before there is an account to charge."""
    client = oauth_client()
    gmail = GmailClient(
        credentials, base_url=client.base_url, wait=_until(time.monotonic() + PATIENCE), timeout=TIMEOUT
    )
    try:
        return gmail.get_profile().email
    finally:
        gmail.close()


def _until(deadline: float) -> Callable[[float, str], None]:
    def wait(seconds: float, reason: str) -> None:
        if time.monotonic() + seconds > deadline:
            raise Transient("Gmail does not answer in time")
        time.sleep(seconds)

    return wait
