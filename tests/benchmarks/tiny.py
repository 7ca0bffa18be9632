"""A kind of job that hardly does anything: what is left is the price of jobs."""

import time

from django.contrib.auth.models import User
from django.db import connection, transaction

from mailsync.connect import connect
from mailsync.credentials import user_grant
from syncjobs import dispatch, lifecycle
from syncjobs.admission import Scope
from syncjobs.context import Context
from syncjobs.lifecycle import Answer, Asked
from syncjobs.models import SyncJob
from syncjobs.registry import Kind
from syncjobs.states import Trigger

PAGES = 2
SMALL, EMPTY, ENDLESS = "small", "empty", "endless"
SECONDS = {SMALL: 0.01, EMPTY: 0.0, ENDLESS: 0.02}  # of a page


def run(context: Context) -> None:
    """Go on after the last page that was committed."""
    job = context.job
    done = job.stats.get("done", 0)
    while job.mode == ENDLESS or done < PAGES:
        done += 1
        page(context, done)
        context.checkpoint()


def page(context: Context, number: int) -> None:
    """Some work, with a line in the ledger that is committed with it or not at all."""
    job = context.job
    with context.page() as report:
        time.sleep(SECONDS[job.mode])
        write(job, f"page {number}" if job.mode != ENDLESS else f"slice {job.slices}")
        report.stats, report.worked, report.percentage = {"done": number}, number, 100 * number / PAGES


def write(job: SyncJob, what: str) -> None:
    """A line in the ledger."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_ledger (job, what) VALUES (%s, %s)", [job.pk, what])


def fill(jobs: int, mode: str = SMALL, *, ring: bool = True) -> list[int]:
    """So many jobs that wait, each of a resource of its own; their ids."""
    owner = User.objects.get_or_create(username="tiny")[0]
    asked = [waiting(owner, mode, number) for number in range(jobs)]
    pks = [job.pk for job in SyncJob.objects.bulk_create(asked)]
    if ring:
        for pk in pks:
            dispatch.ring(pk)
    return pks


def waiting(owner: User, mode: str, number: int) -> SyncJob:
    """A job as it was when it was asked for."""
    return SyncJob(
        task_id=f"tiny_{number}",
        kind="tiny",
        owner=owner,
        resource=f"tiny:{number}",
        title="A tiny thing",
        mode=mode,
        trigger=Trigger.BUTTON,
    )


def request(owner: User, mode: str, resource: str, *, ring: bool = True) -> Answer:
    """One job."""
    with transaction.atomic(durable=True):
        return lifecycle.request(
            Asked("tiny", owner.pk, resource, "A tiny thing", Scope(mode), Trigger.BUTTON, ring=ring)
        )


def connect_accounts(number: int) -> list[int]:
    """So many accounts of one user; their ids."""
    owner = User.objects.create_user("one")
    return [connect(owner, f"{n}@example.com", user_grant("none")).pk for n in range(number)]


TINY = Kind(
    run=run,
    wider=lambda active, asked: active,
    finished=lambda job, state, code: write(job, f"end {state}"),
    restart=lambda job, trigger: request(job.owner, job.mode, job.resource),
)
