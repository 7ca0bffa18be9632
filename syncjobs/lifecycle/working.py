"""Take a job, give it back, go on with it."""

import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Value, When
from django.db.models.functions import Coalesce

from syncjobs import dispatch, journal, progress
from syncjobs.admission import Scope
from syncjobs.clock import SyncNow, in_
from syncjobs.errors import CancelRequested, LeaseLost
from syncjobs.lifecycle.columns import NO_LEASE, VISIBLE
from syncjobs.meters import meters
from syncjobs.models import SyncJob
from syncjobs.states import Phase, State

TAKEN_OVER = "taken_over"  # the message of a job whose last holder never gave it back


def claim(job_id: int, worker: str) -> SyncJob | None:
    """Take the lease of a due job; None when it is not due, held or final: a doubled or late message says nothing.

    One statement serves the first start, the next slice, the retry and the rescue after a crash.
    """
    token = uuid.uuid4()
    crashed = Case(When(lease_token=None, then=Value(0)), default=Value(1))
    with transaction.atomic():
        taken = (
            SyncJob.objects.due()
            .filter(pk=job_id, cancel_requested_at=None)
            .update(
                state=State.RUNNING,
                phase=Case(When(state=State.CREATED, then=Value(Phase.STARTING)), default=F("phase")),
                message_code=Case(
                    When(state=State.CREATED, then=Value("starting")),
                    When(lease_token__isnull=False, then=Value(TAKEN_OVER)),
                    default=F("message_code"),
                ),
                started_at=Coalesce("started_at", SyncNow()),
                crashes=F("crashes") + crashed,
                slices=F("slices") + 1,
                dispatch_count=0,
                lease_token=token,
                lease_until=in_(settings.SYNC_LEASE),
                heartbeat_at=SyncNow(),
                worker=worker[:255],
                **VISIBLE,
            )
        )
        if not taken:
            return None
        job = SyncJob.objects.get(pk=job_id)
        journal.note(job, "rescued" if job.message_code == TAKEN_OVER else "claimed", worker=worker, slice=job.slices)
    _count(job)
    progress.publish(job)
    return job


def release(
    job: SyncJob, *, wait: timedelta, phase: str, code: str, failed_attempt: bool = False, **params: Any
) -> None:
    """Give the lease back and go on after `wait`; raises LeaseLost."""
    message = {"message_code": code, "message_params": params} if code else {}
    with transaction.atomic():
        if not SyncJob.objects.held_by(job).update(
            not_before=in_(wait),
            dispatched_at=None,
            phase=phase,
            attempts=F("attempts") + int(failed_attempt),
            heartbeat_at=SyncNow(),
            **message,
            **NO_LEASE,
            **VISIBLE,
        ):
            raise LeaseLost
        level = journal.Level.WARNING if failed_attempt else journal.Level.INFO
        journal.note(job, code or phase, level, **{"seconds": round(wait.total_seconds()), **params})
        if wait <= timedelta(0):
            dispatch.ring_after_commit(job.pk)
    progress.publish_fresh(job.pk)


def begin_further(job: SyncJob, news: Scope | None = None) -> SyncJob:
    """Take up the further pass that was asked for, else `news`; raises LeaseLost, CancelRequested (which withdraws the pass)."""
    with transaction.atomic():
        fresh = SyncJob.objects.held_by(job).select_for_update(no_key=True).first()
        if fresh is None:
            raise LeaseLost
        scope = fresh.further_scope or news
        if scope is None or fresh.cancel_requested_at is not None:
            raise CancelRequested
        SyncJob.objects.held_by(job).update(mode=scope.mode, params=dict(scope.params), further=None, **VISIBLE)
        journal.note(fresh, "further_pass", mode=scope.mode)
        return SyncJob.objects.get(pk=job.pk)  # still within the lock: later the token might be another worker's


def _count(job: SyncJob) -> None:
    meters.count("claims")
    if job.message_code == TAKEN_OVER:
        meters.count("takeovers")
    else:
        meters.observe("claim_latency_seconds", (job.heartbeat_at - job.not_before).total_seconds())
