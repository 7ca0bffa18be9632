"""Change the state of a job; no other module does."""

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce

from syncjobs import dispatch, journal, progress, registry
from syncjobs.admission import Active, Scope, Verdict, decide
from syncjobs.clock import SyncNow, in_
from syncjobs.errors import AlreadyFinished, CancelRequested, LeaseLost
from syncjobs.models import SyncJob, new_task_id
from syncjobs.states import Phase, Queue, State, Trigger

VISIBLE: dict[str, Any] = {"revision": F("revision") + 1, "updated_at": SyncNow()}
NO_LEASE: dict[str, Any] = {"lease_token": None, "lease_until": None}
LOCK_NOT_AVAILABLE = "55P03"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a job: for whom, of what, how much."""

    kind: str
    owner_id: int
    resource: str
    title: str
    scope: Scope
    trigger: Trigger
    facts: dict[str, Any] = field(default_factory=dict)
    queue: Queue = Queue.INTERACTIVE
    again: bool = False
    ring: bool = True  # False: whoever asks claims it at once


@dataclass(frozen=True, slots=True)
class Answer:
    """The job that will do what was asked; whether it was created for it."""

    job: SyncJob
    created: bool


def request(asked: Asked) -> Answer:
    """Create, adopt, widen or replace the active job of a resource.

    Call it inside a transaction that holds a lock of the resource's own row: that serialises the very first start, where there
    is no job to lock. The unique index stands behind it for whoever forgets.
    """
    active = SyncJob.objects.active().filter(resource=asked.resource).first()
    verdict, scope = decide(_seen(active), asked.scope, again=asked.again, wider=registry.kind(asked.kind).wider)
    if active is None or verdict is Verdict.CREATE:
        return Answer(_create(asked, scope), created=True)
    if verdict is Verdict.REPLACE and _fail_as_stale(active):
        return Answer(_create(asked, scope), created=True)
    if verdict is Verdict.WIDEN and not _widen(active, scope):
        verdict, scope = Verdict.FURTHER, asked.scope  # claimed in between: ask for a further pass instead
    if verdict is Verdict.FURTHER and not _ask_further(active, scope):
        return request(asked)  # finished in between: the next look finds no active job
    _adopt(active, asked)
    return Answer(SyncJob.objects.get(pk=active.pk), created=False)


def claim(job_id: int, worker: str) -> SyncJob | None:
    """Take the lease of a due job; None when it is not due, held or final: a doubled or late message says nothing.

    One statement serves the first start, the next slice, the retry and the rescue after a crash.
    """
    token = uuid.uuid4()
    crashed = Case(When(lease_token=None, then=Value(0)), default=Value(1))
    with transaction.atomic():
        taken = SyncJob.objects.due().filter(pk=job_id, cancel_requested_at=None).update(
            state=State.RUNNING,
            phase=Case(When(state=State.CREATED, then=Value(Phase.STARTING)), default=F("phase")),
            message_code=Case(When(state=State.CREATED, then=Value("starting")), default=F("message_code")),
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
        if not taken:
            return None
        job = SyncJob.objects.get(pk=job_id)
        journal.note(job, "claimed" if not job.crashes else "rescued", worker=worker, slice=job.slices)
    progress.publish(job)
    return job


def release(job: SyncJob, *, wait: timedelta, phase: str, code: str, failed_attempt: bool = False, **params: Any) -> None:
    """Give the lease back and go on after `wait`; raises LeaseLost."""
    message = {"message_code": code, "message_params": params} if code else {}
    with transaction.atomic():
        if not SyncJob.objects.held_by(job).update(
            not_before=in_(wait), dispatched_at=None, phase=phase, attempts=F("attempts") + int(failed_attempt),
            heartbeat_at=SyncNow(), **message, **NO_LEASE, **VISIBLE,
        ):
            raise LeaseLost
        if failed_attempt or phase != Phase.NEXT_SLICE:
            level = journal.Level.WARNING if failed_attempt else journal.Level.INFO
            journal.note(job, code or phase, level, **{"seconds": round(wait.total_seconds()), **params})
        if wait <= timedelta(0):
            dispatch.ring_after_commit(job.pk)
    progress.publish_fresh(job.pk)


def succeed(job: SyncJob) -> bool:
    """Finish well; False when a further pass was asked for in the meantime: begin it, the job goes on.

    Raises LeaseLost, CancelRequested.
    """
    mine = SyncJob.objects.held_by(job).filter(further__isnull=True, cancel_requested_at=None)
    if _finish(job, State.SUCCEEDED, mine, code="done", percentage=100.0, eta_seconds=0.0):
        return True
    held = SyncJob.objects.held_by(job).first()
    if held is None:
        raise LeaseLost
    if held.cancel_requested_at is not None:
        raise CancelRequested
    return False


def begin_further(job: SyncJob) -> SyncJob:
    """Take up the further pass that was asked for; raises LeaseLost, CancelRequested (which withdraws the pass)."""
    with transaction.atomic():
        fresh = SyncJob.objects.held_by(job).select_for_update(no_key=True).first()
        if fresh is None:
            raise LeaseLost
        scope = fresh.further_scope
        if scope is None or fresh.cancel_requested_at is not None:
            raise CancelRequested
        SyncJob.objects.held_by(job).update(mode=scope.mode, params=dict(scope.params), further=None, **VISIBLE)
        journal.note(fresh, "further_pass", mode=scope.mode)
        return SyncJob.objects.get(pk=job.pk)  # still within the lock: later the token might be another worker's


def fail(job: SyncJob, code: str, *, traceback: str = "", **params: Any) -> None:
    """Finish badly; `code` tells a person what to do. Raises LeaseLost."""
    if not _finish(job, State.FAILED, SyncJob.objects.held_by(job), code=code, params=params, traceback=traceback):
        raise LeaseLost


def cancel(job: SyncJob, *, by: str) -> SyncJob:
    """Cancel at once what nobody holds; ask the worker of what somebody holds. Raises AlreadyFinished."""
    if _finish(job, State.CANCELLED, SyncJob.objects.active().unleased().filter(pk=job.pk), code="cancelled", params={"by": by}):
        return SyncJob.objects.get(pk=job.pk)
    with transaction.atomic():
        asked = SyncJob.objects.active().filter(pk=job.pk).update(
            cancel_requested_at=Coalesce("cancel_requested_at", SyncNow()), further=None, message_code="cancelling", **VISIBLE
        )
        if not asked:
            raise AlreadyFinished(job.task_id)
        journal.note(job, "cancel_requested", by=by)
    return progress.publish_fresh(job.pk)


def cancelled(job: SyncJob) -> None:
    """The worker saw the wish to cancel, stopped between two pages. Raises LeaseLost."""
    if not _finish(job, State.CANCELLED, SyncJob.objects.held_by(job), code="cancelled"):
        raise LeaseLost


def cancel_by_force(job: SyncJob) -> bool:
    """Cancel a job that its worker gave back, or whose worker did not answer within its grace: that one finds its lease gone."""
    wished = SyncJob.objects.active().filter(pk=job.pk, cancel_requested_at__isnull=False)
    if _finish(job, State.CANCELLED, wished.filter(lease_token=None), code="cancelled"):
        return True
    overdue = wished.filter(cancel_requested_at__lt=in_(-settings.SYNC_LEASE * 2 / 3))
    return _finish(job, State.CANCELLED, overdue, code="cancelled_by_force")


def _finish(job: SyncJob, state: State, which: Any, *, code: str, params: dict[str, Any] | None = None,
            traceback: str = "", **columns: Any) -> bool:
    """Make `which` final if it still matches; the kind's own bookkeeping commits with it or not at all."""
    params = params or {}
    error = {"error_code": code, "error_params": params, "traceback": traceback[-20_000:]} if state is State.FAILED else {}
    with transaction.atomic():
        savepoint = transaction.savepoint()
        _tell_kind(job, state, code)  # first: it locks the resource, and resource comes before job in the lock order
        if not which.update(
            state=state, phase=Phase.DONE, finished_at=SyncNow(), message_code=code, message_params=params,
            **columns, **error, **NO_LEASE, **VISIBLE,
        ):
            transaction.savepoint_rollback(savepoint)
            return False
        level = journal.Level.ERROR if state is State.FAILED else journal.Level.INFO
        journal.note(job, "failed" if state is State.FAILED else code, level, **({"reason": code} | params if error else params))
        transaction.on_commit(lambda: progress.publish_fresh(job.pk) and None, robust=True)
    return True


def _tell_kind(job: SyncJob, state: State, code: str) -> None:
    try:
        registry.kind(job.kind).finished(job, state, code)
    except registry.UnknownKind:
        return  # settings no longer name it: the row may still become final


def _seen(job: SyncJob | None) -> Active | None:
    if job is None:
        return None
    silent = SyncJob.objects.filter(pk=job.pk).silent_for(settings.SYNC_STALE_AFTER).exists()
    return Active(State(job.state), job.scope, job.further_scope, silent)


def _create(asked: Asked, scope: Scope) -> SyncJob:
    job = SyncJob.objects.create(
        task_id=new_task_id(asked.owner_id), kind=asked.kind, owner_id=asked.owner_id, resource=asked.resource,
        title=asked.title, facts=asked.facts, mode=scope.mode, params=dict(scope.params), trigger=asked.trigger, queue=asked.queue,
    )
    journal.note(job, "created", mode=scope.mode, trigger=str(asked.trigger))
    if asked.ring:
        dispatch.ring_after_commit(job.pk)
    transaction.on_commit(lambda: progress.publish_fresh(job.pk) and None, robust=True)
    return job


def _adopt(job: SyncJob, asked: Asked) -> None:
    """Ring again, and let a person's wish overtake the queue of the clock."""
    if asked.queue is Queue.INTERACTIVE and job.state == State.CREATED:
        SyncJob.objects.filter(pk=job.pk, state=State.CREATED).update(queue=Queue.INTERACTIVE)
    dispatch.ring_after_commit(job.pk)


def _widen(job: SyncJob, scope: Scope) -> bool:
    changed = SyncJob.objects.filter(pk=job.pk, state=State.CREATED).update(mode=scope.mode, params=dict(scope.params), **VISIBLE)
    if changed:
        journal.note(job, "widened", mode=scope.mode)
    return bool(changed)


def _ask_further(job: SyncJob, scope: Scope) -> bool:
    """Succeeds against a finishing worker in either order: its finish insists on `further` being empty."""
    changed = SyncJob.objects.filter(pk=job.pk, state=State.RUNNING).update(
        further={"mode": scope.mode, "params": dict(scope.params)}, **VISIBLE
    )
    if changed:
        journal.note(job, "further_pass_asked", mode=scope.mode)
    return bool(changed)


def _fail_as_stale(job: SyncJob) -> bool:
    """Fail a silent job, unless its row is being written at this moment: then it is not silent."""
    silent = SyncJob.objects.filter(pk=job.pk).filter(Q(lease_until=job.lease_until)).silent_for(settings.SYNC_STALE_AFTER)
    if job.lease_until is None:
        silent = SyncJob.objects.filter(pk=job.pk, lease_until=None).silent_for(settings.SYNC_STALE_AFTER)
    try:
        with transaction.atomic():
            return _finish(job, State.FAILED, silent, code="STALE")
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        return False
