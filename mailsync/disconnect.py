"""Let go of a mailbox: its jobs, its grant, its schedule."""

from contextlib import suppress

from django.db import transaction
from django.db.models import QuerySet

from mailsync import audit, revoke, watch
from mailsync.models import Account
from syncjobs import lifecycle
from syncjobs.clock import SyncNow
from syncjobs.errors import AlreadyFinished
from syncjobs.models import SyncJob


def disconnect(account: Account, *, by: str, erase: bool = False) -> Account:
    """The account as it is then: its mirror stays readable, or with `erase` is gone at once, row by row soon after.

    The account's row is locked, as by every start: one comes before and is cancelled here, or comes after and is refused.
    Raises Account.DoesNotExist when it is being erased already.
    """
    with transaction.atomic(durable=True):
        locked = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        _cancel(locked, by)
        revoke.later(locked)
        watch.let_go(locked)
        Account.objects.filter(pk=locked.pk).update(
            state=Account.State.DISCONNECTED,
            credentials="",
            next_sync_at=None,
            paused_at=None,
            sync_message_code="disconnected",
            sync_message_params={},
            erasing_since=SyncNow() if erase else None,
        )
        audit.record("disconnected", by=by, mailbox=locked, mirror="erase" if erase else "keep")
    locked.refresh_from_db()
    return locked


def jobs_of(account: Account) -> QuerySet[SyncJob]:
    """All jobs of an account, whichever of its resources they work on."""
    return SyncJob.objects.filter(owner=account.owner_id, facts__account=account.pk)


def _cancel(account: Account, by: str) -> None:
    for job in jobs_of(account).filter(finished_at=None):
        with suppress(AlreadyFinished):  # it ended in between
            lifecycle.cancel(job, by=by)
