"""Fetch the next messages within the request itself, needing no worker."""

from dataclasses import dataclass

from mailsync.models import Account, Checkpoint
from mailsync.outcome import stopped_short
from mailsync.schedule import must_be_able, request_scope
from mailsync.sync.scopes import BATCH
from syncjobs import liveness, runner
from syncjobs.admission import Scope
from syncjobs.models import SyncJob
from syncjobs.states import State, Trigger

SECONDS = 25.0
WORKER = "web"


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What one call did; `in_progress` names the job that does the work instead."""

    synced: int
    has_more: bool
    job: SyncJob
    in_progress: bool


def fetch_next(account: Account, size: int, *, trigger: Trigger) -> BatchResult:
    """The next `size` messages, under the same lease as any worker.

    A job that waits while no worker consumes lends itself to the request, then goes on waiting where the request stopped.
    Raises Paused, ReconnectNeeded.
    """
    must_be_able(account)
    waiting = SyncJob.objects.active().filter(resource=account.resource).first()
    if waiting is not None:
        if liveness.is_consumed(waiting.queue):
            return BatchResult(0, True, waiting, in_progress=True)
        return _run(account, waiting, size)
    answer = request_scope(account, Scope(BATCH), trigger=trigger, ring=False)
    return _run(account, answer.job, size)


def _run(account: Account, job: SyncJob, size: int) -> BatchResult:
    before = job.stats.get("added", 0)
    after = runner.run(job.pk, WORKER, slice_seconds=SECONDS, limit=size)
    if after is None:
        return BatchResult(0, True, job, in_progress=True)
    return BatchResult(after.stats.get("added", 0) - before, has_more(account, after), after, in_progress=False)


def has_more(account: Account, job: SyncJob) -> bool:
    """Whether another call would find work: a pass is open, or this call stopped before the end, or did not end well."""
    open_pass = Checkpoint.objects.filter(account=account).exclude(position={}).exists()
    return open_pass or job.state != State.SUCCEEDED or stopped_short(job)
