"""Let a request become a job, or part of the active one."""

from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from django.db import OperationalError, transaction

from syncjobs import dispatch, journal, progress, registry, traces
from syncjobs.admission import Active, Scope, Verdict, decide
from syncjobs.clock import SyncNow
from syncjobs.lifecycle.columns import VISIBLE
from syncjobs.lifecycle.ending import finish, supersede
from syncjobs.models import SyncJob, new_task_id
from syncjobs.registry import Answer
from syncjobs.states import Phase, Queue, State, Trigger

LOCK_NOT_AVAILABLE = "55P03"  # SQLSTATE


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


def request(asked: Asked) -> Answer:
    """Create, adopt, widen or replace the active job of a resource.

    Call it inside a transaction that holds a lock of the resource's own row: that serialises the very first start, where there
    is no job to lock. The unique index stands behind it for whoever forgets.
    """
    with traces.span("request", kind=asked.kind, mode=asked.scope.mode, trigger=str(asked.trigger)) as span:
        answer = _request(asked)
        span.note(job=answer.job.task_id, created=answer.created)
        return answer


def _request(asked: Asked) -> Answer:
    wider = registry.kind(asked.kind).wider
    active = SyncJob.objects.active().filter(resource=asked.resource).first()
    seen = _seen(active)
    verdict, scope = decide(seen, asked.scope, again=asked.again, wider=wider)
    if active is None or seen is None or verdict is Verdict.CREATE:
        return Answer(_create(asked, scope), created=True)
    if verdict is Verdict.SUPERSEDE:
        supersede(active)  # False: it ended in between, which is as good
        return Answer(_create(asked, scope), created=True)
    if verdict is Verdict.REPLACE:
        if _fail_as_stale(active):
            return Answer(_create(asked, scope), created=True)
        verdict, scope = decide(replace(seen, silent=False), asked.scope, again=asked.again, wider=wider)
    if verdict is Verdict.WIDEN and not _widen(active, scope):
        verdict, scope = Verdict.FURTHER, asked.scope  # claimed in between: ask for a further pass instead
    if verdict is Verdict.FURTHER and not _ask_further(active, scope):
        return _request(asked)  # finished in between: the next look finds no active job
    _adopt(active, asked)
    return Answer(SyncJob.objects.get(pk=active.pk), created=False)


def _seen(job: SyncJob | None) -> Active | None:
    if job is None:
        return None
    silent = SyncJob.objects.filter(pk=job.pk).silent_for(settings.SYNC_STALE_AFTER).exists()
    return Active(State(job.state), job.scope, job.further_scope, silent, job.cancel_requested_at is not None)


def _create(asked: Asked, scope: Scope) -> SyncJob:
    job = SyncJob.objects.create(
        task_id=new_task_id(asked.owner_id),
        kind=asked.kind,
        owner_id=asked.owner_id,
        resource=asked.resource,
        title=asked.title,
        facts=asked.facts,
        mode=scope.mode,
        params=dict(scope.params),
        trigger=asked.trigger,
        queue=asked.queue,
        trace=traces.here(),
    )
    journal.note(job, "created", mode=scope.mode, trigger=str(asked.trigger))
    if asked.ring:
        dispatch.ring_after_commit(job.pk)
    transaction.on_commit(lambda: progress.publish_fresh(job.pk) and None, robust=True)
    return job


def _adopt(job: SyncJob, asked: Asked) -> None:
    """Ring again, nudge; a person's wish overtakes the queue of the clock, and ends the pause after a failed attempt."""
    _nudge(job)
    if asked.queue is Queue.INTERACTIVE:
        SyncJob.objects.active().filter(pk=job.pk).exclude(queue=Queue.INTERACTIVE).update(queue=Queue.INTERACTIVE)
        paused = SyncJob.objects.filter(pk=job.pk, lease_token=None, phase=Phase.BACKING_OFF)
        paused.update(not_before=SyncNow(), dispatched_at=None)
    dispatch.ring_after_commit(job.pk)


def _nudge(job: SyncJob) -> None:
    """Tell whoever runs it; a page that holds the row for too long must not turn a click away, which is answered without it."""
    try:
        with transaction.atomic():
            SyncJob.objects.filter(pk=job.pk, state=State.RUNNING).update(nudged_at=SyncNow())
    except OperationalError as error:
        _insist_on_a_lock(error)


def _widen(job: SyncJob, scope: Scope) -> bool:
    changed = SyncJob.objects.filter(pk=job.pk, state=State.CREATED).update(
        mode=scope.mode, params=dict(scope.params), **VISIBLE
    )
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
    seen = SyncJob.objects.filter(pk=job.pk, lease_token=job.lease_token, lease_until=job.lease_until)
    silent = seen.silent_for(settings.SYNC_STALE_AFTER)
    try:
        with transaction.atomic():
            return finish(job, State.FAILED, silent, code="STALE")
    except OperationalError as error:
        _insist_on_a_lock(error)
        return False


def _insist_on_a_lock(error: OperationalError) -> None:
    """Raises what is not merely a row that stayed locked."""
    if getattr(error.__cause__, "sqlstate", None) != LOCK_NOT_AVAILABLE:
        raise error
