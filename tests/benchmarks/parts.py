"""Measure from inside what the parts of a job cost, and how fast they are claimed."""

import multiprocessing
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from celery import current_app
from django.contrib.auth.models import User
from django.db import connection, connections

from syncjobs import dispatch, journal, lifecycle, progress, watchdog
from syncjobs.context import Context
from syncjobs.models import SyncJob
from syncjobs.states import Queue
from tests.benchmarks import tiny

TO_MEET = 60.0
Figures = dict[str, tuple[float, ...]]
BARE_CLAIM = "UPDATE syncjobs_syncjob SET worker = 'bare', revision = revision + 1 WHERE id = %s AND worker = ''"
_barrier: Any = None


class Tally:
    """Milliseconds, milliseconds of CPU here, statements, milliseconds within them: of each part."""

    def __init__(self) -> None:
        self.taken: dict[str, list[tuple[float, ...]]] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Measure what happens within."""
        statements: list[float] = []

        def timed(execute: Callable[..., Any], *arguments: Any) -> Any:
            begun = time.perf_counter()
            try:
                return execute(*arguments)
            finally:
                statements.append(1000 * (time.perf_counter() - begun))

        with connection.execute_wrapper(timed):
            begun, busy = time.perf_counter(), time.process_time()
            yield
        spent, busy = 1000 * (time.perf_counter() - begun), 1000 * (time.process_time() - busy)
        self.taken.setdefault(name, []).append((spent, busy, len(statements), sum(statements)))

    def figures(self) -> Figures:
        """The median of each."""
        return {name: tuple(map(median, zip(*rows, strict=True))) for name, rows in self.taken.items()}


def parts(jobs: int) -> Figures:
    """Lead so many empty jobs through their life in this very process."""
    tally = Tally()
    owner = User.objects.get_or_create(username="tiny")[0]
    for number in range(jobs):
        _live(tally, owner, f"parts:{number}")
    return tally.figures()


def _live(tally: Tally, owner: User, resource: str) -> None:
    with tally.part("start"):
        job = tiny.request(owner, tiny.EMPTY, resource, ring=False).job
    with tally.part("ring"):
        dispatch.ring(job.pk)
    with tally.part("claim"):
        claimed = lifecycle.claim(job.pk, "bench")
    assert claimed is not None
    context = Context(claimed)
    for number, name in enumerate(("page, published", "page"), start=1):
        with tally.part(name):
            tiny.page(context, number)
    with tally.part("finish"):
        lifecycle.succeed(context.job)
    with tally.part("of which a publish"):
        progress.publish(claimed)
    with tally.part("of which a line of the log"):
        journal.note(claimed, "bench")


def idle_tasks(number: int) -> int:
    """Send so many tasks that do nothing to the workers of jobs."""
    with current_app.producer_or_acquire() as producer:
        for _ in range(number):
            current_app.send_task(watchdog.CALL_TASK, producer=producer, queue=Queue.INTERACTIVE.value, retry=False)
    return number


def claims(jobs: int, processes: int, *, bare: bool = False) -> float:
    """Claims a second of so many processes at once, each with its share of the jobs, in an order of its own."""
    pks = tiny.fill(jobs, ring=False)
    connections.close_all()
    fork = multiprocessing.get_context("fork")
    with fork.Pool(processes, _meet, [fork.Barrier(processes)]) as pool:
        shares = [(pks[place::processes], bare) for place in range(processes)]
        done = pool.starmap(_claim, shares, chunksize=1)
    SyncJob.objects.all().delete()
    assert sum(taken for taken, _ in done) == jobs
    return jobs / max(seconds for _, seconds in done)


def _meet(barrier: Any) -> None:
    global _barrier
    _barrier = barrier


def _claim(pks: list[int], bare: bool) -> tuple[int, float]:
    random.shuffle(pks)
    connection.ensure_connection()
    _barrier.wait(TO_MEET)
    begun = time.perf_counter()
    taken = sum(_bare(pk) if bare else lifecycle.claim(pk, "bench") is not None for pk in pks)
    return taken, time.perf_counter() - begun


def _bare(pk: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(BARE_CLAIM, [pk])
        return cursor.rowcount == 1
