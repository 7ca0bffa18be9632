"""Renew a lease inside the transaction that does the work."""

from typing import Any

from django.conf import settings
from django.db.models import F

from syncjobs.clock import SyncNow, in_
from syncjobs.errors import LeaseLost
from syncjobs.models import SyncJob


def seconds_between_renewals() -> float:
    """How long a holder may stay quiet: well within the lease, well before silence counts as death."""
    return min(15.0, settings.SYNC_LEASE.total_seconds() / 3, settings.SYNC_STALE_AFTER.total_seconds() / 4)


def lock(job: SyncJob) -> SyncJob:
    """The fence: lock the job's row if it is still ours, first of all in the transaction. Raises LeaseLost.

    A zombie finds another token here and writes nothing; a sweeper with SKIP LOCKED cannot steal from a live writer.
    An EXISTS or a FOR KEY SHARE would let both commit.
    """
    mine = SyncJob.objects.held_by(job).select_for_update(no_key=True).first()
    if mine is None:
        raise LeaseLost
    return mine


def renew(job: SyncJob, **changes: Any) -> None:
    """Prolong the lease and record what the page changed. Raises LeaseLost."""
    renewed = SyncJob.objects.held_by(job).update(
        lease_until=in_(settings.SYNC_LEASE),
        heartbeat_at=SyncNow(),
        updated_at=SyncNow(),
        revision=F("revision") + 1,
        **changes,
    )
    if not renewed:
        raise LeaseLost
