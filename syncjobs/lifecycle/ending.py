"""Make a job final: well, badly, or because a person asked for it."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce

from syncjobs import journal, progress, registry
from syncjobs.admission import Scope
from syncjobs.clock import SyncNow
from syncjobs.errors import AlreadyFinished, CancelRequested, LeaseLost
from syncjobs.lifecycle.columns import NO_LEASE, VISIBLE
from syncjobs.meters import meters
from syncjobs.models import SyncJob
from syncjobs.states import Phase, State

log = logging.getLogger(__name__)


class _Refused(Exception):
    """The row is not what it was believed to be: what its kind noted must be undone, also what it meant to do after commit."""


def succeed(job: SyncJob, *, heard: datetime | None = None, news: Scope | None = None) -> bool:
    """Finish well; False when a further pass was asked for in the meantime: begin it, the job goes on.

    Where `news` is what somebody has a right to who asked after the newest nudge that was `heard`, so is his nudge: what the
    pass had read by then may be older than what he wants to see. Raises LeaseLost, CancelRequested.
    """
    mine = SyncJob.objects.held_by(job).filter(further__isnull=True, cancel_requested_at=None)
    if news is not None:
        mine = mine.filter(Q(nudged_at=None) | Q(nudged_at=heard))
    if finish(job, State.SUCCEEDED, mine, code="done", percentage=100.0, eta_seconds=0.0):
        return True
    held = SyncJob.objects.held_by(job).first()
    if held is None:
        raise LeaseLost
    if held.cancel_requested_at is not None:
        raise CancelRequested
    return False


def fail(job: SyncJob, code: str, *, traceback: str = "", **params: Any) -> None:
    """Finish badly; `code` tells a person what to do. Raises LeaseLost."""
    if not finish(job, State.FAILED, SyncJob.objects.held_by(job), code=code, params=params, traceback=traceback):
        raise LeaseLost


def cancel(job: SyncJob, *, by: str) -> SyncJob:
    """Cancel at once what nobody holds; ask the worker of what somebody holds. Raises AlreadyFinished."""
    if finish(
        job, State.CANCELLED, SyncJob.objects.active().unleased().filter(pk=job.pk), code="cancelled", params={"by": by}
    ):
        return SyncJob.objects.get(pk=job.pk)
    with transaction.atomic():
        asked = (
            SyncJob.objects.active()
            .filter(pk=job.pk)
            .update(
                cancel_requested_at=Coalesce("cancel_requested_at", SyncNow()),
                further=None,
                message_code="cancelling",
                **VISIBLE,
            )
        )
        if not asked:
            raise AlreadyFinished(job.task_id)
        journal.note(job, "cancel_requested", by=by)
    return progress.publish_fresh(job.pk)


def cancelled(job: SyncJob) -> None:
    """The worker saw the wish to cancel, stopped between two pages. Raises LeaseLost."""
    if not finish(job, State.CANCELLED, SyncJob.objects.held_by(job), code="cancelled"):
        raise LeaseLost


def supersede(job: SyncJob) -> bool:
    """Make a cancel that was asked for true at once, since a successor is waiting: the worker finds its lease gone."""
    return finish(job, State.CANCELLED, SyncJob.objects.cancelling().filter(pk=job.pk), code="cancelled")


def cancel_by_force(job: SyncJob) -> bool:
    """Cancel a job that nobody holds any more, or whose worker did not answer within its grace: that one finds its lease gone."""
    wished = SyncJob.objects.cancelling().filter(pk=job.pk)
    if finish(job, State.CANCELLED, wished.unleased(), code="cancelled"):
        return True
    return finish(job, State.CANCELLED, wished.ignored_for(grace()), code="cancelled_by_force")


def grace() -> timedelta:
    """How long a worker may take to notice that it should cancel."""
    return settings.SYNC_LEASE * 2 / 3


def finish(
    job: SyncJob,
    state: State,
    which: Any,
    *,
    code: str,
    params: dict[str, Any] | None = None,
    traceback: str = "",
    **columns: Any,
) -> bool:
    """Make `which` final if it still matches; the kind's own bookkeeping commits with it or not at all."""
    params, failed = params or {}, state is State.FAILED
    error = {"error_code": code, "error_params": params, "traceback": _storable(traceback[-20_000:])} if failed else {}
    try:
        with transaction.atomic():
            # First: it locks the resource, and resource comes before job in the lock order.
            _tell_kind(job, state, code, error)
            if not which.update(
                state=state,
                phase=Phase.DONE,
                finished_at=SyncNow(),
                message_code=code,
                message_params=params,
                **{"eta_seconds": None, **columns},
                **error,
                **NO_LEASE,
                **VISIBLE,
            ):
                raise _Refused
            if failed:
                journal.note(job, "failed", journal.Level.ERROR, **({"why": code} | params))
            else:
                journal.note(job, code, **params)
            transaction.on_commit(lambda: _say(job, state, code), robust=True)
    except _Refused:
        return False
    return True


def _say(job: SyncJob, state: State, code: str) -> None:
    meters.count("jobs_finished", kind=job.kind, state=state, code=code if state is State.FAILED else "")
    progress.publish_fresh(job.pk)


def _tell_kind(job: SyncJob, state: State, code: str, error: dict[str, Any]) -> None:
    for name, value in error.items():
        setattr(job, name, value)
    try:
        with transaction.atomic():
            registry.kind(job.kind).finished(job, state, code)
    except registry.UnknownKind:
        return  # settings no longer name it: the row may still become final
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # a bug in its bookkeeping: no success without it, but the end of a job must not hang on it
        if state is State.SUCCEEDED:
            raise
        log.exception("the kind of job %s could not take note of its end", job.task_id)


def _storable(text: str) -> str:
    """Without what Postgres refuses in a text: NUL, half a pair of UTF-16."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
