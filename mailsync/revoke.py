"""End at Google the grants that nobody here needs any more."""

import json
import logging
from contextlib import suppress
from datetime import timedelta

from django.db import transaction
from django.db.models import F

from gmail import oauth
from gmail.errors import GmailError
from mailsync import watch
from mailsync.credentials import oauth_client
from mailsync.encryption import Undecryptable
from mailsync.models import Account, Revocation
from syncjobs.clock import SyncNow, in_

log = logging.getLogger(__name__)

GIVE_UP = timedelta(days=7)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
MOST_AT_ONCE = 3  # each may wait for its time-out


def later(account: Account) -> None:
    """Note the grant of an account, inside the transaction that takes it away; a delegation of a Workspace has none."""
    with suppress(Undecryptable):
        grant = json.loads(account.credentials or "{}")
        if token := grant.get("refresh_token"):
            Revocation.objects.create(email=account.email, token=token)


def tick() -> int:
    """Try what is due. Returns how many grants are settled; any number may run at once, each row is taken by one of them."""
    Revocation.objects.filter(asked_at__lt=in_(-GIVE_UP)).delete()
    due = Revocation.objects.filter(not_before__lte=SyncNow()).order_by("not_before")
    return sum(_settle(pk) for pk in list(due.values_list("pk", flat=True)[:MOST_AT_ONCE]))


def pause(attempts: int) -> timedelta:
    """How long to wait after that many failed attempts."""
    return min(FIRST_PAUSE * 2 ** min(attempts, 20), LONGEST_PAUSE)


def is_held(email: str) -> bool:
    """Whether an account of ours lives on this identity: Google ends all grants that one gave to us, not only this one."""
    return Account.objects.filter(email=email, state=Account.State.OK).exists()


def _settle(pk: int) -> bool:
    taken = _take(pk)
    if taken is None:
        return False
    try:
        if watch.is_to_be_stopped(taken.email):
            return False  # with this grant: what is revoked can say nothing more
        if not is_held(taken.email):
            oauth.revoke(oauth_client(), taken.token)
    except (GmailError, Undecryptable) as trouble:
        log.warning("a grant could not be revoked yet: %s", trouble)
        return False
    taken.delete()
    return True


def _take(pk: int) -> Revocation | None:
    """The row, its next attempt announced before this one: a tick that is killed while it waits for Google repeats nothing."""
    with transaction.atomic():
        rows = Revocation.objects.defer("token").filter(pk=pk, not_before__lte=SyncNow())
        row = rows.select_for_update(skip_locked=True).first()
        if row is not None:
            rows.update(attempts=F("attempts") + 1, not_before=in_(pause(row.attempts)))
    return row
