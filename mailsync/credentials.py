"""Open the door to an account's mailbox with the grant that it holds."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import redis
from django.conf import settings
from google.auth.credentials import Credentials

from gmail import oauth
from gmail.client import GmailClient
from gmail.ledgers import Ledgers
from gmail.prices import price_table
from gmail.quota import Bucket, Priority, Unlimited
from gmail.redis_window import RedisWindow
from mailsync import observed
from mailsync.models import Account
from mailsync.refreshing import KeptDelegation, KeptUser

REDIS_SECONDS = 1.0
PATIENCE = 30.0  # seconds that a worker bears Gmail's silence
IMPATIENCE = 5.0  # the same while a person waits for the answer of a request

_LEDGERS: dict[int, Ledgers] = {}


def oauth_client() -> oauth.OAuthClient:
    """This installation as Google knows it."""
    return oauth.OAuthClient(settings.GOOGLE_CLIENT_ID, settings.GOOGLE_CLIENT_SECRET, settings.GOOGLE_BASE_URL)


def user_grant(refresh_token: str) -> str:
    """A person's consent, as it is stored (encrypted)."""
    return json.dumps({"type": "user", "refresh_token": refresh_token})


def service_account_grant(info: dict[str, Any]) -> str:
    """A Workspace's delegation, as it is stored (encrypted)."""
    return json.dumps({"type": "service_account", "info": info})


def open_credentials(account: Account) -> Credentials:
    """Google's credentials object for this account; what it refreshes is kept. Raises Undecryptable, Refused."""
    grant = json.loads(account.credentials or "{}")
    expiry = datetime.fromtimestamp(grant["expiry"], UTC) if grant.get("expiry") else None
    token = grant.get("token")
    kept: KeptUser | KeptDelegation
    if grant.get("type") == "service_account":
        base = settings.GOOGLE_BASE_URL
        kept = oauth.service_account_credentials(grant["info"], account.email, base_url=base, kind=KeptDelegation)
        kept.token, kept.expiry = token, expiry.replace(tzinfo=None) if expiry else None
    else:
        refresh = grant.get("refresh_token", "")
        kept = oauth.credentials(oauth_client(), refresh_token=refresh, token=token, expiry=expiry, kind=KeptUser)
    kept.mailbox, kept.info = account.pk, grant.get("info")
    return kept


def open_loose(email: str, grant: str) -> Credentials:
    """The same for a grant that no account holds any more; nothing of it is kept. Raises Refused."""
    held = json.loads(grant)
    if held.get("type") == "service_account":
        return oauth.service_account_credentials(held["info"], email, base_url=settings.GOOGLE_BASE_URL)
    return oauth.credentials(oauth_client(), refresh_token=held.get("refresh_token", ""))


def open_mailbox(
    account: Account,
    credentials: Credentials,
    wait: Callable[[float, str], None],
    *,
    priority: Priority,
    max_wait: float,
    timeout: float = PATIENCE,
) -> GmailClient:
    """A client of this account's Gmail, spending from the quota that it shares with all who use the same mailbox."""
    return GmailClient(
        credentials,
        base_url=settings.GOOGLE_BASE_URL,
        bucket=bucket(metered(account, credentials), priority=priority),
        prices=price_table(settings.GMAIL_UNIT_COSTS),
        wait=wait,
        timeout=min(timeout, settings.SYNC_LEASE.total_seconds() / 2),
        max_wait=max_wait,
        observe=observed.exchange,
    )


def metered(account: Account, credentials: Credentials) -> str:
    """The Google identity whose quota the calls of an account are counted on, as far as we are told.

    Google does not say whether delegated calls count on the mailbox or on the service account that makes them; so whoever
    runs this says what the console shows.
    """
    if isinstance(credentials, KeptDelegation) and settings.GMAIL_DELEGATED_QUOTA == "service-account":
        return str(credentials.service_account_email)
    return account.email


def bucket(identity: str, *, priority: Priority) -> Bucket:
    """The quota of one Google identity and of the project, exact across all processes."""
    limit, project_limit = settings.GMAIL_USER_UNITS_PER_MINUTE, settings.GMAIL_PROJECT_UNITS_PER_MINUTE
    if not limit and not project_limit:
        return Unlimited()
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
    )
    return RedisWindow(
        client,
        identity=identity.lower(),
        user_limit=limit,
        project=settings.GOOGLE_CLIENT_ID or "default",
        project_limit=project_limit,
        priority=priority,
        ledgers=_ledgers(limit),
    )


def _ledgers(limit: int) -> Ledgers:
    """What this process knows to be spent, whoever of it spent it; two first calls at once get the same."""
    return _LEDGERS.setdefault(limit, Ledgers(limit))
