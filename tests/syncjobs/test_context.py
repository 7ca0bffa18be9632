import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction

from syncjobs import lease, lifecycle, shutdown
from syncjobs.context import ALMOST_DONE, Context
from syncjobs.errors import CancelRequested, Interrupted, LeaseLost
from syncjobs.models import SyncJob
from syncjobs.states import Phase
from tests.syncjobs.conftest import Ask, Turn

Running = Callable[..., SyncJob]


def fresh(job: SyncJob) -> SyncJob:
    return SyncJob.objects.get(pk=job.pk)


def test_a_page_commits_progress_and_lease_together(running: Running, turn: Turn) -> None:
    job = running()
    turn(timedelta(seconds=60))
    with Context(job).page() as report:
        report.phase, report.percentage, report.stats, report.mode = "fetching", 41.5, {"done": 3}, "large"
        report.message = ("curtain", {"actor": "Anna"})
    after = fresh(job)
    assert (after.phase, after.percentage, after.stats, after.mode) == ("fetching", 41.5, {"done": 3}, "large")
    assert (after.message_code, after.message_params) == ("curtain", {"actor": "Anna"})
    assert after.lease_until is not None and job.lease_until is not None
    assert after.lease_until - job.lease_until > timedelta(seconds=55)
    assert after.revision > job.revision


def test_a_page_that_took_long_renews_the_lease_from_its_end(running: Running) -> None:
    job = running()
    with Context(job).page(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.2), clock_timestamp()")
        end = cursor.fetchone()[1]
    after = fresh(job)
    assert after.lease_until is not None
    assert after.heartbeat_at >= end and after.lease_until >= end + settings.SYNC_LEASE


def test_a_page_that_raises_leaves_nothing(running: Running) -> None:
    job = running()
    with pytest.raises(ZeroDivisionError), Context(job).page() as report:
        report.percentage = 50
        raise ZeroDivisionError
    assert (fresh(job).percentage, fresh(job).revision) == (0, job.revision)


def test_the_percentage_never_falls(running: Running) -> None:
    job = running()
    context = Context(job)
    for said, shown in ((30, 30), (10, 30), (31.5, 31.5), (0, 31.5)):
        with context.page() as report:
            report.percentage = said
        assert fresh(job).percentage == shown


def test_the_bar_is_full_for_a_success_alone(running: Running) -> None:
    job = running()
    with Context(job).page() as report:
        report.percentage = 100
    assert fresh(job).percentage == ALMOST_DONE < 100
    lifecycle.succeed(job)
    assert fresh(job).percentage == 100


def test_whoever_asks_a_running_job_again_is_heard_at_its_next_page_and_once(running: Running, ask: Ask) -> None:
    context = Context(running("large"))
    with context.page():
        pass
    assert not context.nudged()
    ask("large"), ask("small", again=True)
    assert not context.nudged()
    with context.page():
        pass
    assert (context.nudged(), context.nudged()) == (True, False)


def test_a_nudge_from_before_a_slice_is_answered_by_its_beginning(running: Running, ask: Ask) -> None:
    first = running("large")
    ask("large")
    lifecycle.release(first, wait=timedelta(0), phase=Phase.NEXT_SLICE, code="")
    held = lifecycle.claim(first.pk, "another worker")
    assert held is not None and held.nudged_at is not None
    context = Context(held)
    with context.page():
        pass
    assert not context.nudged()


def test_a_beat_hears_a_nudge_too(running: Running, ask: Ask) -> None:
    context = Context(running("large"), clock=lambda: time.monotonic() + 60)
    ask("large")
    context.beat()
    assert context.nudged()


def test_every_page_is_a_new_revision(running: Running) -> None:
    job = running()
    context, seen = Context(job), [job.revision]
    for _ in range(5):
        with context.page():
            pass
        seen.append(fresh(job).revision)
    assert seen == sorted(set(seen))


def test_rate_and_end_are_told_from_the_work_done(running: Running) -> None:
    job = running()
    now = [0.0]
    context = Context(job, clock=lambda: now[0])
    for second, worked, remaining in ((0.0, 0, 300), (30.0, 150, 150)):
        now[0] = second
        with context.page() as report:
            report.worked, report.remaining = worked, remaining
    after = fresh(job)
    assert (after.rate_per_minute, after.eta_seconds) == (300, 30)


def test_a_burst_promises_no_end_before_what_is_known_to_be_the_least(running: Running) -> None:
    now = [0.0]
    context = Context(running(), clock=lambda: now[0])
    for second, worked, remaining in ((0.0, 0, 10_000), (3.0, 300, 9_700)):
        now[0] = second
        with context.page() as report:
            report.worked, report.remaining, report.at_least = worked, remaining, 1940.0
    assert fresh(context.job).eta_seconds == 1940


def test_a_beat_is_cheap_until_a_renewal_is_due(running: Running, django_assert_num_queries: Callable) -> None:
    job = running()
    now = [time.monotonic()]
    context = Context(job, clock=lambda: now[0])
    with django_assert_num_queries(0):
        context.beat()
    now[0] += lease.seconds_between_renewals() + 1
    context.beat()
    assert fresh(job).revision > job.revision


def test_a_beat_renews_the_lease_but_forgives_no_crash(running: Running, turn: Turn) -> None:
    job = running()
    turn(timedelta(seconds=91))
    heir = lifecycle.claim(job.pk, "heir")
    assert heir is not None
    Context(heir, clock=lambda: time.monotonic() + 60).beat()
    assert fresh(job).crashes == 1


def test_a_download_that_outlasts_its_slice_ends_before_its_process_is_killed(running: Running) -> None:
    now = 0.0
    context = Context(running(), deadline=100.0, clock=lambda: now)
    now = 300.0
    context.beat()
    now = 341.0
    assert now < 100.0 + settings.CELERY_TASK_TIME_LIMIT - settings.SYNC_SLICE.total_seconds()
    with pytest.raises(Interrupted):
        context.beat()


def test_a_beat_hears_the_wish_to_cancel(running: Running) -> None:
    job = running()
    lifecycle.cancel(job, by="anna")
    with pytest.raises(CancelRequested):
        Context(job, clock=lambda: time.monotonic() + 60).beat()


def test_a_slice_ends_when_its_time_is_over(running: Running) -> None:
    context = Context(running(), deadline=5.0, clock=lambda: 4.9)
    context.checkpoint()
    context.clock = lambda: 5.0
    with pytest.raises(Interrupted) as pause:
        context.checkpoint()
    assert (pause.value.phase, pause.value.wait) == (Phase.NEXT_SLICE, 0)


def test_a_slice_ends_when_its_worker_shuts_down(running: Running) -> None:
    context = Context(running())
    shutdown.ask()
    try:
        with pytest.raises(Interrupted) as pause:
            context.checkpoint()
    finally:
        shutdown._asked.clear()
    assert pause.value.code == "shutdown"


def test_a_wait_gives_the_job_back_when_others_are_due(running: Running, ask: Ask) -> None:
    job = running(resource="thing:1")
    ask(resource="thing:2")
    with pytest.raises(Interrupted) as pause:
        Context(job).wait(30, Phase.WAITING_FOR_QUOTA, "waiting_for_quota")
    assert pause.value.wait == pytest.approx(30, abs=1)
    assert (fresh(job).phase, fresh(job).message_params) == (Phase.WAITING_FOR_QUOTA, {"seconds": 30})


def test_whoever_asks_again_ends_a_wait(running: Running, ask: Ask) -> None:
    context = Context(running())
    ask()  # adopted, and a nudge
    with pytest.raises(Interrupted) as end:
        context.wait(30, Phase.WAITING_FOR_QUOTA, "waiting")
    assert (end.value.wait, end.value.phase) == (0, Phase.NEXT_SLICE)


def test_others_in_another_queue_do_not_matter(running: Running, ask: Ask) -> None:
    job = running(resource="thing:1")
    ask(resource="thing:2", queue="scheduled")
    now = [time.monotonic()]

    def clock() -> float:
        now[0] += 2
        return now[0]

    Context(job, clock=clock, deadline=float("inf")).wait(9, "x", "waiting_for_quota")

    assert fresh(job).lease_token == job.lease_token


def test_a_short_wait_is_spent_in_place(running: Running, ask: Ask) -> None:
    job = running(resource="thing:1")
    ask(resource="thing:2")
    Context(job).wait(0.1, "x", "waiting_for_quota")

    assert fresh(job).lease_token == job.lease_token


def test_a_wait_longer_than_the_lease_gives_the_job_back(running: Running) -> None:
    with pytest.raises(Interrupted):
        Context(running()).wait(91, "x", "waiting_for_quota")


def test_a_wait_keeps_the_lease(running: Running) -> None:
    job = running()
    now = [time.monotonic()]

    def clock() -> float:
        now[0] += 6
        return now[0]

    Context(job, clock=clock, deadline=float("inf")).wait(80, "x", "waiting_for_quota")
    assert fresh(job).revision >= job.revision + 2


def test_the_fence_alone_writes_nothing_for_a_stranger(running: Running, turn: Turn) -> None:
    job = running()
    turn(timedelta(seconds=91))
    lifecycle.claim(job.pk, "heir")
    with pytest.raises(LeaseLost), transaction.atomic():
        lease.lock(job)
    with pytest.raises(LeaseLost):
        lease.renew(job)
