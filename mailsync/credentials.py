"""Open the door to an account's mailbox with the grant that it holds."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.db import transaction
from google.auth.credentials import Credentials

from gmail import oauth
from gmail.client import GmailClient
from gmail.ledgers import Ledgers
from gmail.prices import price_table
from gmail.quota import Bucket, Priority, Unlimited
from gmail.redis_window import RedisWindow
from mailsync.models import Account

REDIS_SECONDS = 1.0
PATIENCE = 30.0  # seconds that a worker bears Gmail's silence
IMPATIENCE = 5.0  # the same while a person waits for the answer of a request


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
    """Google's credentials object for this account."""
    grant = json.loads(account.credentials or "{}")
    if grant.get("type") == "service_account":
        return oauth.service_account_credentials(grant["info"], account.email, base_url=settings.GOOGLE_BASE_URL)
    expiry = datetime.fromtimestamp(grant["expiry"], UTC) if grant.get("expiry") else None
    return oauth.credentials(
        oauth_client(), refresh_token=grant.get("refresh_token", ""), token=grant.get("token"), expiry=expiry
    )


def keep_refreshed(account: Account, credentials: Any) -> None:
    """Store a token that was refreshed meanwhile, so that the next slice need not ask for another."""
    grant = json.loads(account.credentials or "{}")
    if grant.get("type") != "user" or not credentials.token or credentials.token == grant.get("token"):
        return
    fresh = grant | {"token": credentials.token, "refresh_token": credentials.refresh_token or grant["refresh_token"]}
    if credentials.expiry is not None:
        fresh["expiry"] = credentials.expiry.replace(tzinfo=UTC).timestamp()
    with transaction.atomic():
        now = Account.objects.select_for_update(no_key=True).filter(pk=account.pk).first()
        if now is None or now.credentials != account.credentials:
            return  # the mailbox was reconnected meanwhile: that grant is newer than ours
        account.credentials = json.dumps(fresh)
        Account.objects.filter(pk=account.pk).update(credentials=account.credentials)


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
        bucket=bucket(account.email, priority=priority),
        prices=price_table(settings.GMAIL_UNIT_COSTS),
        wait=wait,
        timeout=min(timeout, settings.SYNC_LEASE.total_seconds() / 2),
        max_wait=max_wait,
    )


def bucket(identity: str, *, priority: Priority) -> Bucket:
    """The quota of one Google identity and of the project, exact across all processes."""
    limit = settings.GMAIL_USER_UNITS_PER_MINUTE
    if not limit:
        return Unlimited()
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
    )
    return RedisWindow(
        client,
        identity=identity.lower(),
        user_limit=limit,
        project=settings.GOOGLE_CLIENT_ID or "default",
        project_limit=settings.GMAIL_PROJECT_UNITS_PER_MINUTE,
        priority=priority,
        ledgers=_ledgers(limit),
    )


@cache
def _ledgers(limit: int) -> Ledgers:
    """What this process knows to be spent, whoever of it spent it."""
    return Ledgers(limit)
