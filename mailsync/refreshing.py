"""Refresh the access tokens of an account in one process at a time, and keep each for all of them.

google-auth refreshes wherever a token has run out. Without a lock two workers and the web process would each ask Google for
a token of their own, and a grant that has ended would be asked for again by each of them.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import google.auth.transport
from django.db import connection, transaction
from google.auth.exceptions import RefreshError
from google.oauth2 import credentials as of_users
from google.oauth2 import service_account

from gmail import failures
from gmail.errors import GrantRevoked
from mailsync import audit
from mailsync.models import Account
from syncjobs import traces

POLL, PATIENCE = 0.1, 10.0  # seconds: then one refreshes although somebody else is at it, rather than wait for ever
TAKE = """
UPDATE mailsync_account SET refreshing_until = sync_now() + make_interval(secs => %s)
WHERE id = %s AND (refreshing_until IS NULL OR refreshing_until < sync_now()) RETURNING refreshing_until
"""
LEAST_LEFT = timedelta(minutes=4)  # google-auth takes a token with less for expired


class Kept:
    """Credentials of the account with the id `mailbox`, whose tokens all processes share; `info` is a delegation's key."""

    mailbox: int
    info: Any = None
    token: Any
    expiry: Any
    refresh_token: Any

    def refresh(self, request: google.auth.transport.Request) -> None:
        """Take the token that somebody else got meanwhile; else get one, keep it. Raises RefreshError, Undecryptable."""
        refused, until = self.token, time.monotonic() + PATIENCE
        while not self._adopt(refused):
            with _turn(self.mailbox) as mine:
                if mine or time.monotonic() > until:
                    if not self._adopt(refused) and self._ask(request):
                        return
                    continue
            time.sleep(POLL)

    def _ask(self, request: google.auth.transport.Request) -> bool:
        """A token of Google's, kept; False when the grant was replaced meanwhile: then that one is to be asked with."""
        with_grant = _secret(_stored(self.mailbox))
        try:
            with traces.span("google token", role="client"):
                super().refresh(request)  # type: ignore[misc]
        except RefreshError as error:
            if isinstance(failures.from_refresh(error), GrantRevoked) and not _ended(self.mailbox, with_grant):
                return False
            raise
        return _keep(self.mailbox, with_grant, self)

    def _adopt(self, refused: str | None) -> bool:
        """Whether the account holds a better token than `refused`, which is ours from now on."""
        grant = _stored(self.mailbox)
        if grant.get("type") == "user":
            self._refresh_token = grant.get("refresh_token", "")
        if grant.get("info") != self.info:
            raise RefreshError("The mailbox was connected in another way meanwhile", retryable=True)
        token, expiry = grant.get("token"), _moment(grant)
        if not token or token == refused or expiry is None or expiry - datetime.now(UTC) < LEAST_LEFT:
            return False
        self.token, self.expiry = token, expiry.replace(tzinfo=None)
        return True


class KeptUser(Kept, of_users.Credentials):
    """Those of a person's consent."""


class KeptDelegation(Kept, service_account.Credentials):
    """Those of a service account that acts for the mailbox."""


@contextmanager
def _turn(account: int) -> Iterator[bool]:
    """Whether it is ours to refresh, for PATIENCE at most: whoever dies over it costs the others no more than that.

    A moment in a row: a lock of the transaction would hold it open over HTTP, and one of the connection would stay behind
    with a pooler, which gives the connection to somebody else.
    """
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [PATIENCE, account])
        taken = cursor.fetchone()
    try:
        yield taken is not None
    finally:
        if taken is not None:
            Account._base_manager.filter(pk=account, refreshing_until=taken[0]).update(refreshing_until=None)


def _stored(pk: int) -> dict[str, Any]:
    """The grant as it is now. Raises RefreshError without a call to Google where the grant is known to be gone."""
    held = Account.objects.filter(pk=pk, state=Account.State.OK).values_list("credentials", flat=True).first()
    if not held:
        raise RefreshError("invalid_grant: this account holds no grant any more", {"error": "invalid_grant"})
    grant: dict[str, Any] = json.loads(held)
    return grant


def _secret(grant: dict[str, Any]) -> Any:
    """What stays the same of a grant while its tokens come and go."""
    return grant.get("refresh_token") or grant.get("info")


def _moment(grant: dict[str, Any]) -> datetime | None:
    return datetime.fromtimestamp(grant["expiry"], UTC) if grant.get("expiry") else None


def _keep(pk: int, secret: Any, fresh: Kept) -> bool:
    """Store a token; False when the mailbox was reconnected meanwhile: that grant is newer than ours."""
    with transaction.atomic():
        account = Account.objects.select_for_update(no_key=True).filter(pk=pk).first()
        if account is None or not account.credentials:
            return True  # disconnected: what ours still opens is the caller's to find out
        grant = json.loads(account.credentials)
        if _secret(grant) != secret:
            return False
        grant["token"] = fresh.token
        if fresh.expiry is not None:
            grant["expiry"] = fresh.expiry.replace(tzinfo=UTC).timestamp()
        if grant["type"] == "user" and fresh.refresh_token:
            grant["refresh_token"] = fresh.refresh_token
        account.credentials = json.dumps(grant)
        account.save(update_fields=["credentials"])
    return True


def _ended(pk: int, secret: Any) -> bool:
    """Rest the account's schedule at once, before any job has told of it; False when it has another grant by now."""
    with transaction.atomic():
        account = Account.objects.select_for_update(no_key=True).filter(pk=pk, state=Account.State.OK).first()
        if account is None:
            return True
        if _secret(json.loads(account.credentials or "{}")) != secret:
            return False
        Account.objects.filter(pk=pk).update(
            state=Account.State.RECONNECT, sync_message_code="reconnect_needed", sync_message_params={}
        )
        audit.record("grant_ended", mailbox=account)
    return True
