"""Claim one job, run its slice, record the outcome; knows no Celery."""

import logging
import random
import time
import traceback
from contextlib import suppress
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from syncjobs import backoff, lifecycle, registry, scene, shutdown, traces
from syncjobs.context import Context
from syncjobs.errors import CancelRequested, Interrupted, JobFailed, LeaseLost, RetryLater
from syncjobs.meters import meters
from syncjobs.models import SyncJob
from syncjobs.states import Phase

log = logging.getLogger(__name__)

SOON = 5.0  # seconds, the first pause after the database broke off
KNOCK_SECONDS = 1.0


def run(job_id: int, worker: str, *, slice_seconds: float | None = None, limit: int | None = None) -> SyncJob | None:
    """Run one slice of a due job; None when somebody else has it or it is not due.

    `limit` bounds the work of this slice in units of its kind.
    """
    job = lifecycle.claim(job_id, worker)
    if job is None:
        return None
    seconds = settings.SYNC_SLICE.total_seconds() if slice_seconds is None else slice_seconds
    facts = _facts(job)
    with scene.of(facts), traces.span("slice", role="consumer", parent=job.trace, **facts) as span:
        _guarded(job, time.monotonic() + seconds, limit)
        left = SyncJob.objects.filter(pk=job_id).first()
        if left is not None:
            span.note(mode=left.mode, state=left.state, phase=left.phase, code=left.error_code or left.message_code)
        return left


def _facts(job: SyncJob) -> dict[str, str | int]:
    facts = {name: job.facts[name] for name in settings.SYNC_LOG_FACTS if name in job.facts}
    return {"job": job.task_id, "slice": job.slices, **facts}


def _guarded(job: SyncJob, deadline: float, limit: int | None) -> None:
    try:
        _slice(job, deadline, limit)
    except (LeaseLost, SyncJob.DoesNotExist):  # or its owner erased it
        meters.count("fenced_writes")
        log.info("job %s was taken over; nothing of this slice was kept", job.task_id)
    except (OperationalError, InterfaceError):
        _outlive_the_trouble(job)


def _slice(job: SyncJob, deadline: float, limit: int | None) -> None:
    if job.crashes >= backoff.MOST_CRASHES:
        lifecycle.fail(job, "POISON")
        return
    try:
        _passes(job, deadline, limit)
    except Interrupted as pause:
        lifecycle.release(job, wait=timedelta(seconds=pause.wait), phase=pause.phase, code=pause.code, **pause.params)
    except CancelRequested:
        lifecycle.cancelled(job)
    except JobFailed as end:
        lifecycle.fail(job, end.code, **end.params)
    except registry.UnknownKind:
        lifecycle.fail(job, "UNKNOWN_KIND")
    except RetryLater as trouble:
        _retry(job, trouble.code, backoff.MOST_ATTEMPTS, trouble.params)
    except (LeaseLost, SyncJob.DoesNotExist, OperationalError, InterfaceError):
        raise
    except (KeyboardInterrupt, SystemExit):
        _let_go(job)
        raise
    except Exception as bug:  # anything else is a bug of ours: keep its traceback, try again, give up soon
        log.exception("job %s failed", job.task_id)
        _retry(job, "BUG", backoff.MOST_ATTEMPTS_OF_A_BUG, {"exception": type(bug).__name__}, traceback.format_exc())


def _passes(job: SyncJob, deadline: float, limit: int | None) -> None:
    """The pass asked for, then each further one that was asked for meanwhile, until the job can finish.

    A slice with a limit belongs to somebody who waits for it: further passes are left to the workers. And whoever asks again
    and again, as fast as passes end, does not hold a worker that others wait for.
    """
    kind = registry.kind(job.kind)
    context = Context(job, limit=limit, deadline=deadline, line=connection.connection)
    kind.run(context)
    while not lifecycle.succeed(job, heard=context.heard, news=kind.news(job.scope)):
        job = lifecycle.begin_further(job, kind.news(job.scope))
        if limit is not None:
            raise Interrupted(phase=Phase.NEXT_SLICE, code="next_slice")
        context = Context(job, deadline=deadline, line=connection.connection)
        context.give_way()
        kind.run(context)


def _retry(
    job: SyncJob, code: str, most: int, params: dict, trace: str = "", first: float = backoff.FIRST_SECONDS
) -> None:
    failed_before = SyncJob.objects.values_list("attempts", flat=True).get(pk=job.pk)
    if failed_before + 1 >= most:
        lifecycle.fail(job, code, traceback=trace, **params)
        return
    seconds = backoff.delay(failed_before + 1, random.random, first)
    lifecycle.release(
        job, wait=timedelta(seconds=seconds), phase=Phase.BACKING_OFF, code=code, failed_attempt=True, **params
    )


def _let_go(job: SyncJob) -> None:
    """This process ends, not the job: whoever comes next need not wait for the lease to run out, nor count a lost worker.

    The attempt counts: code that ends every process it runs in must come to an end itself.
    """
    with suppress(LeaseLost, SyncJob.DoesNotExist, DatabaseError, InterfaceError):
        _retry(job, "shutdown", backoff.MOST_ATTEMPTS, {}, first=1.0)


def _outlive_the_trouble(job: SyncJob) -> None:
    """The database broke off: what was not committed is gone, so the page is simply done again, by us or by a rescuer.

    As long as the lease lasts we try to give the job back: whoever only vanished would count as a lost worker.
    """
    until = time.monotonic() + settings.SYNC_LEASE.total_seconds()
    while time.monotonic() < until and not shutdown.asked():
        connection.close()
        try:
            _retry(job, "database_trouble", backoff.MOST_ATTEMPTS, {}, first=SOON)
            return
        except (OperationalError, InterfaceError):
            time.sleep(KNOCK_SECONDS)
        except (LeaseLost, SyncJob.DoesNotExist):
            return
    log.warning("job %s waits for its lease to end: the database is away", job.task_id)
