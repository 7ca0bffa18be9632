from collections.abc import Callable
from datetime import timedelta

import pytest

from syncjobs import dispatch, lifecycle, maintenance
from syncjobs.models import SyncJob, SyncJobEvent
from syncjobs.states import Phase, State
from tests.committed import at_once
from tests.syncjobs.conftest import Ask, Turn

Running = Callable[..., SyncJob]


def fresh(job: SyncJob) -> SyncJob:
    return SyncJob.objects.get(pk=job.pk)


def test_wake_rings_for_a_job_whose_wait_is_over(running: Running, turn: Turn) -> None:
    job = running()
    lifecycle.release(job, wait=timedelta(seconds=40), phase=Phase.BACKING_OFF, code="backing_off")
    assert maintenance.wake() == 0
    turn(timedelta(seconds=41))
    assert maintenance.wake() == 1
    assert fresh(job).dispatched_at is not None
    assert maintenance.wake() == 0


def test_wake_rings_for_what_a_broken_broker_left(ask: Ask) -> None:
    dispatch._broken_until = float("inf")
    job = ask().job
    assert maintenance.wake() == 0
    dispatch._broken_until = 0.0
    assert maintenance.wake() == 1
    assert (fresh(job).dispatch_count, fresh(job).dispatched_at is not None) == (1, True)


def test_sweep_rings_again_after_15_seconds_then_with_patience_that_doubles_up_to_ten_minutes(
    ask: Ask, turn: Turn
) -> None:
    job = ask().job
    later = timedelta(0)
    for times, seconds in enumerate((15, 30, 60, 120, 240, 480, 600, 600), start=1):
        turn(later + timedelta(seconds=seconds - 2))
        assert maintenance.sweep() == 0
        later += timedelta(seconds=seconds + 1)
        turn(later)
        assert maintenance.sweep() == 1
        assert fresh(job).dispatch_count == times + 1
    assert job.events.filter(code="rung_again").count() == 8


def test_jobs_that_wait_with_patience_do_not_hide_the_one_behind_them(
    ask: Ask, turn: Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "MOST_AT_ONCE", 3)
    for number in range(3):
        patient = ask(resource=f"patient:{number}").job
        SyncJob.objects.filter(pk=patient.pk).update(dispatch_count=9)
    last = ask(resource="thing:last").job
    turn(timedelta(seconds=20))
    assert maintenance.sweep() == 1
    assert fresh(last).dispatch_count == 2


def test_sweep_rescues_an_expired_lease(running: Running, turn: Turn) -> None:
    job = running()
    turn(timedelta(seconds=80))
    assert maintenance.sweep() == 0
    turn(timedelta(seconds=91))
    assert maintenance.sweep() == 1
    rescued = lifecycle.claim(job.pk, "rescuer")
    assert rescued is not None and rescued.crashes == 1


def test_sweep_leaves_alone_what_is_final_or_waits(running: Running, ask: Ask, turn: Turn) -> None:
    lifecycle.succeed(running(resource="thing:1"))
    job = running(resource="thing:2")
    lifecycle.release(job, wait=timedelta(hours=2), phase=Phase.BACKING_OFF, code="backing_off")
    turn(timedelta(hours=1))
    assert (maintenance.sweep(), maintenance.wake()) == (0, 0)


def test_sweep_cancels_by_force_after_the_grace(running: Running, turn: Turn) -> None:
    job = running()
    lifecycle.cancel(job, by="anna")
    maintenance.sweep()
    assert fresh(job).state == State.RUNNING
    turn(timedelta(seconds=61))
    maintenance.sweep()
    assert (fresh(job).state, fresh(job).message_code) == (State.CANCELLED, "cancelled_by_force")


def test_sweeps_at_once_do_no_harm(running: Running, turn: Turn) -> None:
    job = running()
    SyncJob.objects.filter(pk=job.pk).update(lease_until=job.created_at, dispatched_at=None)
    assert not [found for found in at_once([maintenance.sweep] * 4) if isinstance(found, BaseException)]
    claims = at_once([lambda: lifecycle.claim(job.pk, "worker")] * 4)
    assert sum(isinstance(claim, SyncJob) for claim in claims) == 1


def test_prune_forgets_old_jobs_but_each_resources_last(running: Running, turn: Turn) -> None:
    def finished(resource: str) -> SyncJob:
        job = running(resource=resource)
        lifecycle.succeed(job)
        return job

    old, last_of_one, last_of_two = finished("thing:1"), finished("thing:1"), finished("thing:2")
    turn(timedelta(days=80))
    assert maintenance.prune() == 0
    young = finished("thing:3")
    also_young = finished("thing:3")
    turn(timedelta(days=91))
    assert maintenance.prune() > 0
    assert set(SyncJob.objects.values_list("pk", flat=True)) == {
        last_of_one.pk,
        last_of_two.pk,
        young.pk,
        also_young.pk,
    }
    assert not SyncJobEvent.objects.filter(job_id=old.pk).exists()
