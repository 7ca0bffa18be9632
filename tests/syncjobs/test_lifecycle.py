import re
import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from syncjobs import dispatch, lease, lifecycle, maintenance, runner
from syncjobs.admission import Scope
from syncjobs.context import Context
from syncjobs.errors import AlreadyFinished, CancelRequested, LeaseLost
from syncjobs.models import SyncJob
from syncjobs.states import FINAL, Phase, Queue, State, Trigger
from tests.committed import at_once
from tests.syncjobs.conftest import Ask, Turn
from tests.syncjobs.kinds import Stage, request

Running = Callable[..., SyncJob]
SOON = timedelta(minutes=5)
STALE = timedelta(minutes=31)


def fresh(job: SyncJob) -> SyncJob:
    return SyncJob.objects.get(pk=job.pk)


def codes(job: SyncJob) -> list[str]:
    return [event.code for event in job.events.all()]


def test_a_first_request_creates_a_job_that_is_not_running(ask: Ask) -> None:
    answer = ask("medium", trigger=Trigger.API)
    job = answer.job
    assert answer.created
    assert (job.state, job.phase, job.mode, job.trigger) == (State.CREATED, Phase.QUEUED, "medium", Trigger.API)
    assert (job.lease_token, job.started_at, job.finished_at, job.percentage) == (None, None, None, 0)
    assert codes(job) == ["created"]


def test_a_task_id_names_user_and_moment(ask: Ask, owner: User) -> None:
    assert re.fullmatch(rf"sync_{owner.pk}_[0-9a-f]{{8}}_[0-9]{{10}}", ask().job.task_id)


def test_an_equal_request_adopts_the_waiting_job(ask: Ask) -> None:
    first, second = ask(), ask()
    assert (first.job.pk, second.created) == (second.job.pk, False)


def test_a_wider_request_widens_the_waiting_job(ask: Ask) -> None:
    first, second = ask("small"), ask("large")
    assert (second.job.pk, second.job.mode, second.created) == (first.job.pk, "large", False)
    assert second.job.revision > first.job.revision
    assert "widened" in codes(second.job)


def test_a_wider_request_asks_the_running_job_for_a_further_pass(ask: Ask, running: Running) -> None:
    job = running("small")
    answer = ask("large")
    assert (answer.job.pk, answer.job.mode, answer.job.further) == (job.pk, "small", {"mode": "large", "params": {}})
    assert fresh(job).revision > job.revision


def test_a_click_overtakes_the_queue_of_the_clock(ask: Ask) -> None:
    assert ask(queue=Queue.SCHEDULED).job.queue == Queue.SCHEDULED
    assert ask(queue=Queue.INTERACTIVE).job.queue == Queue.INTERACTIVE


def test_jobs_of_different_resources_do_not_meet(ask: Ask) -> None:
    assert ask(resource="thing:1").job.pk != ask(resource="thing:2").job.pk


def test_the_first_ever_start_by_twenty_threads_makes_one_job(ask: Ask, owner: User) -> None:
    answers = at_once([lambda: request(owner)] * 20)
    assert not [answer for answer in answers if isinstance(answer, BaseException)]
    assert sum(answer.created for answer in answers) == 1  # type: ignore[union-attr]
    assert len({answer.job.pk for answer in answers}) == SyncJob.objects.count() == 1  # type: ignore[union-attr]


def test_a_second_active_job_is_refused_by_the_index(running: Running) -> None:
    job = running()
    copy = fresh(job)
    copy.pk, copy.task_id, copy.lease_token, copy.lease_until = None, "sync_1_00000000_1", None, None
    with pytest.raises(IntegrityError, match="one_active_job_per_resource"), transaction.atomic():
        copy.save(force_insert=True)


def test_created_is_not_running(ask: Ask, stage: Stage, turn: Turn) -> None:
    """A job whose message was lost is adopted by the next click, rung again, and runs."""
    lost = ask().job
    SyncJob.objects.filter(pk=lost.pk).update(dispatched_at=None, dispatch_count=0)  # as if the broker had forgotten it
    turn(timedelta(hours=5))
    answer = ask()
    assert (answer.created, answer.job.pk, answer.job.state) == (False, lost.pk, State.CREATED)
    assert fresh(lost).dispatched_at is not None
    finished = runner.run(lost.pk, "worker")
    assert finished is not None and finished.state == State.SUCCEEDED


def test_a_healthy_job_older_than_the_limit_is_adopted(ask: Ask, running: Running, turn: Turn) -> None:
    job = running()
    turn(STALE)
    with Context(job).page():
        pass
    assert ask().job.pk == job.pk
    turn(STALE + timedelta(minutes=29))
    assert not ask().created


def test_a_silent_job_is_replaced(ask: Ask, running: Running, stage: Stage, turn: Turn) -> None:
    job = running("large")
    turn(STALE)
    answer = ask("small")
    assert answer.created and answer.job.mode == "large"
    old = fresh(job)
    assert (old.state, old.error_code, old.lease_token) == (State.FAILED, "STALE", None)
    assert stage.finished == [(job.task_id, State.FAILED, "STALE")]


def test_a_replaced_job_hands_over_the_further_pass_that_it_owed(ask: Ask, running: Running, turn: Turn) -> None:
    running("small")
    ask("large")
    turn(STALE)
    assert ask("small").job.mode == "large"


def test_a_wait_that_was_announced_is_a_sign_of_life_until_it_ends(ask: Ask, running: Running, turn: Turn) -> None:
    job = running()
    lifecycle.release(job, wait=timedelta(hours=9), phase=Phase.WAITING_FOR_QUOTA, code="waiting_for_quota", seconds=1)
    turn(timedelta(hours=9, minutes=20))
    assert ask().job.pk == job.pk
    turn(timedelta(hours=9, minutes=31))
    assert ask().job.pk != job.pk


def test_five_threads_claim_once(ask: Ask) -> None:
    job = ask().job
    claims = at_once([lambda: lifecycle.claim(job.pk, "worker")] * 5)
    assert not [claim for claim in claims if isinstance(claim, BaseException)]
    assert sum(claim is not None for claim in claims) == 1
    assert (fresh(job).slices, fresh(job).crashes) == (1, 0)


def test_a_claim_makes_a_created_job_run(ask: Ask) -> None:
    created = ask().job
    job = lifecycle.claim(created.pk, "worker@host")
    assert job is not None and job.started_at is not None
    assert (job.state, job.phase, job.worker) == (State.RUNNING, Phase.STARTING, "worker@host")
    assert job.revision > created.revision
    assert lifecycle.claim(created.pk, "another") is None


def test_an_expired_lease_is_taken_over_and_counted(running: Running, turn: Turn) -> None:
    job = running()
    turn(timedelta(seconds=80))
    assert lifecycle.claim(job.pk, "early") is None
    turn(timedelta(seconds=91))
    rescued = lifecycle.claim(job.pk, "rescuer")
    assert rescued is not None and rescued.crashes == 1 and rescued.lease_token != job.lease_token
    assert codes(rescued)[-1] == "rescued"
    lifecycle.release(rescued, wait=timedelta(0), phase=Phase.NEXT_SLICE, code="next_slice")
    again = lifecycle.claim(job.pk, "rescuer")
    assert again is not None and codes(again)[-1] == "claimed"


def test_a_job_whose_wait_is_not_over_is_not_claimed(running: Running) -> None:
    job = running()
    lifecycle.release(job, wait=SOON, phase=Phase.BACKING_OFF, code="backing_off", seconds=300)
    assert lifecycle.claim(job.pk, "worker") is None


def test_a_zombies_page_writes_nothing_and_raises_lease_lost(running: Running, owner: User, turn: Turn) -> None:
    zombie = running()
    turn(timedelta(seconds=91))
    heir = lifecycle.claim(zombie.pk, "heir")
    with pytest.raises(LeaseLost), Context(zombie).page():
        User.objects.filter(pk=owner.pk).update(first_name="written by a zombie")
    owner.refresh_from_db()
    assert owner.first_name == ""
    assert heir is not None
    with Context(heir).page() as report:
        report.percentage = 5
    assert fresh(zombie).percentage == 5


@pytest.mark.parametrize("end", ["succeed", "fail", "cancelled", "release", "begin_further", "beat"])
def test_a_zombie_ends_nothing(running: Running, turn: Turn, end: str) -> None:
    zombie = running()
    turn(timedelta(seconds=91))
    heir = lifecycle.claim(zombie.pk, "heir")
    assert heir is not None
    ways: dict[str, Callable[[], Any]] = {
        "succeed": lambda: lifecycle.succeed(zombie),
        "fail": lambda: lifecycle.fail(zombie, "BUG", exception="x"),
        "cancelled": lambda: lifecycle.cancelled(zombie),
        "release": lambda: lifecycle.release(zombie, wait=SOON, phase="x", code="y"),
        "begin_further": lambda: lifecycle.begin_further(zombie),
        "beat": Context(zombie, clock=lambda: time.monotonic() + 60).beat,
    }
    with pytest.raises(LeaseLost):
        ways[end]()
    assert (fresh(heir).state, fresh(heir).lease_token) == (State.RUNNING, heir.lease_token)


def test_a_zombie_never_learns_the_token_of_its_heir(running: Running, turn: Turn) -> None:
    """Taken over between the commit of a page and the publication of its snapshot."""
    zombie = running()
    heirs: list[SyncJob | None] = []

    def clock() -> float:
        if not heirs and fresh(zombie).percentage > 0:
            turn(timedelta(seconds=91))
            heirs.append(lifecycle.claim(zombie.pk, "heir"))
        return 1e9

    context = Context(zombie, clock=clock)
    with context.page() as report:
        report.percentage = 1
    assert heirs[0] is not None
    with pytest.raises(LeaseLost), context.page() as report:
        report.percentage = 50
    assert fresh(zombie).percentage == 1


def test_a_page_and_a_rescue_never_both_commit(running: Running, owner: User, turn: Turn) -> None:
    """The rescuer waits for the row of the page that is being written, then finds the lease renewed."""
    job = running()
    inside, done = threading.Event(), threading.Event()

    def write() -> None:
        with Context(job).page():
            inside.set()
            done.wait(10)

    def rescue() -> SyncJob | None:
        inside.wait(10)
        threading.Timer(0.3, done.set).start()
        return lifecycle.claim(job.pk, "rescuer")

    SyncJob.objects.filter(pk=job.pk).update(lease_until=fresh(job).created_at - SOON)  # expired for everybody
    _, rescued = at_once([write, rescue])
    assert rescued is None or isinstance(rescued, SyncJob)
    assert (fresh(job).crashes, fresh(job).worker) == (0, "worker")


def test_release_gives_the_lease_back_and_says_when(running: Running) -> None:
    job = running()
    lifecycle.release(job, wait=SOON, phase=Phase.BACKING_OFF, code="backing_off", failed_attempt=True, seconds=300)
    after = fresh(job)
    assert (after.state, after.phase, after.attempts) == (State.RUNNING, Phase.BACKING_OFF, 1)
    assert (after.lease_token, after.lease_until, after.dispatched_at) == (None, None, None)
    assert after.not_before - after.heartbeat_at >= SOON - timedelta(seconds=5)


def test_release_without_a_wait_rings_at_once(running: Running) -> None:
    job = running()
    lifecycle.release(job, wait=timedelta(0), phase=Phase.NEXT_SLICE, code="next_slice")
    assert fresh(job).dispatched_at is not None


def test_a_success_is_final_full_and_told_to_the_kind(running: Running, stage: Stage) -> None:
    job = running()
    assert lifecycle.succeed(job)
    after = fresh(job)
    assert (after.state, after.phase, after.percentage, after.lease_token) == (State.SUCCEEDED, Phase.DONE, 100, None)
    assert after.finished_at is not None and after.revision > job.revision
    assert stage.finished == [(job.task_id, State.SUCCEEDED, "done")]


def test_a_further_pass_asked_before_the_end_goes_before_it(ask: Ask, running: Running, stage: Stage) -> None:
    job = running("small")
    ask("large")
    assert not lifecycle.succeed(job)
    assert (fresh(job).state, fresh(job).finished_at) == (State.RUNNING, None)
    on = lifecycle.begin_further(job)
    assert (on.mode, on.further, on.lease_token) == ("large", None, job.lease_token)
    assert lifecycle.succeed(on)


def test_a_further_pass_asked_after_the_end_is_a_job_of_its_own(ask: Ask, running: Running) -> None:
    job = running("small")
    assert lifecycle.succeed(job)
    answer = ask("large")
    assert answer.created and answer.job.mode == "large"


def test_finish_and_request_at_once_lose_no_wish(ask: Ask, owner: User, running: Running) -> None:
    for _ in range(5):
        job = running("small")
        done, answer = at_once([lambda job=job: lifecycle.succeed(job), lambda: request(owner, "large")])
        assert not isinstance(answer, BaseException), answer
        if done is True:
            assert answer.created and answer.job.mode == "large"
            lifecycle.cancel(answer.job, by="anna")
        else:
            assert fresh(job).further == {"mode": "large", "params": {}}
            lifecycle.begin_further(job)
            assert lifecycle.succeed(job)


def test_nothing_of_a_refused_finish_is_kept(ask: Ask, running: Running, owner: User, stage: Stage) -> None:
    job = running("small")
    ask("large")
    stage.tell = lambda *_: User.objects.filter(pk=owner.pk).update(first_name="told")  # type: ignore[method-assign, assignment]
    try:
        assert not lifecycle.succeed(job)
    finally:
        del stage.tell
    owner.refresh_from_db()
    assert owner.first_name == ""


def test_nothing_that_a_refused_finish_wanted_after_its_commit_is_done(
    ask: Ask, running: Running, stage: Stage
) -> None:
    """A job that its kind began, say, which was never committed: nobody must be rung for it."""
    job = running("small")
    ask("large")
    done: list[str] = []
    stage.tell = lambda *_: transaction.on_commit(lambda: done.append("rung"))  # type: ignore[method-assign, assignment]
    try:
        assert not lifecycle.succeed(job)
        assert done == []
        assert lifecycle.succeed(lifecycle.begin_further(job))
        assert done == ["rung"]
    finally:
        del stage.tell


def test_cancel_ends_a_waiting_job_at_once(ask: Ask, stage: Stage) -> None:
    job = ask().job
    after = lifecycle.cancel(job, by="anna")
    assert (after.state, after.message_params) == (State.CANCELLED, {"by": "anna"})
    assert stage.finished == [(job.task_id, State.CANCELLED, "cancelled")]
    assert runner.run(job.pk, "worker") is None


def test_cancel_asks_the_worker_of_a_running_job(ask: Ask, running: Running) -> None:
    job = running()
    ask("large")
    after = lifecycle.cancel(job, by="anna")
    assert (after.state, after.further) == (State.RUNNING, None)
    assert after.cancel_requested_at is not None
    with pytest.raises(CancelRequested), Context(job).page():
        raise AssertionError("no work after a wish to cancel")
    with pytest.raises(CancelRequested):
        lifecycle.succeed(job)
    lifecycle.cancelled(job)
    assert fresh(job).state == State.CANCELLED


def test_cancel_between_a_refused_finish_and_the_further_pass_is_heard(ask: Ask, running: Running) -> None:
    job = running("small")
    ask("large")
    assert not lifecycle.succeed(job)
    lifecycle.cancel(job, by="anna")
    with pytest.raises(CancelRequested):
        lifecycle.begin_further(job)


def test_a_click_on_a_job_that_is_being_cancelled_ends_it_at_once_and_begins_another(
    ask: Ask, running: Running
) -> None:
    old = running("large")
    lifecycle.cancel(old, by="anna")
    answer = ask("small")
    assert answer.created and answer.job.mode == "small"
    assert (fresh(old).state, fresh(old).lease_token) == (State.CANCELLED, None)
    with pytest.raises(LeaseLost), transaction.atomic():
        lease.lock(old)


def test_a_click_moves_the_running_job_of_the_clock_to_the_queue_of_people(ask: Ask, running: Running) -> None:
    job = running(queue=Queue.SCHEDULED)
    ask()
    assert fresh(job).queue == Queue.INTERACTIVE


def test_cancel_by_force_waits_for_its_grace(running: Running, turn: Turn) -> None:
    job = running()
    lifecycle.cancel(job, by="anna")
    assert not lifecycle.cancel_by_force(job)
    turn(timedelta(seconds=61))
    assert lifecycle.cancel_by_force(job)
    assert (fresh(job).state, fresh(job).message_code) == (State.CANCELLED, "cancelled_by_force")
    with pytest.raises(LeaseLost):
        lifecycle.succeed(job)


def test_a_job_given_back_after_the_wish_to_cancel_is_cancelled_by_the_next_sweep(running: Running) -> None:
    job = running()
    lifecycle.cancel(job, by="anna")
    lifecycle.release(job, wait=SOON, phase=Phase.NEXT_SLICE, code="next_slice")
    maintenance.sweep()
    assert (fresh(job).state, fresh(job).message_code) == (State.CANCELLED, "cancelled")


def test_nobody_cancels_twice(ask: Ask) -> None:
    job = lifecycle.cancel(ask().job, by="anna")
    with pytest.raises(AlreadyFinished):
        lifecycle.cancel(job, by="anna")


@pytest.mark.parametrize("state", FINAL)
@pytest.mark.parametrize("change", [{"worker": "x"}, {"revision": 99}, {"state": "RUNNING", "finished_at": None}])
def test_a_final_row_never_changes(ask: Ask, running: Running, state: State, change: dict[str, Any]) -> None:
    job = running()
    ends: dict[str, Callable[[], Any]] = {
        State.SUCCEEDED: lambda: lifecycle.succeed(job),
        State.FAILED: lambda: lifecycle.fail(job, "x"),
        State.CANCELLED: lambda: lifecycle.cancelled(job),
    }
    ends[state]()
    with pytest.raises(IntegrityError, match="is final"), transaction.atomic():
        SyncJob.objects.filter(pk=job.pk).update(**change)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"state": "CREATED", "lease_token": None, "lease_until": None}, "cannot go from RUNNING to CREATED"),
        ({"state": "FAILED", "lease_token": None, "lease_until": None}, "finished_if_and_only_if_final"),
        ({"state": "PAUSED"}, "finished_if_and_only_if_final"),
        ({"lease_until": None}, "lease_has_an_end"),
        ({"percentage": 100}, "full_if_and_only_if_succeeded"),
        ({"revision": 0}, "cannot go back in its revisions"),
    ],
)
def test_the_database_refuses_nonsense(running: Running, change: dict[str, Any], why: str) -> None:
    job = running()
    with pytest.raises(IntegrityError, match=why), transaction.atomic():
        SyncJob.objects.filter(pk=job.pk).update(**change)


def test_a_created_job_can_hold_no_lease_and_cannot_succeed(ask: Ask, running: Running) -> None:
    job = ask().job
    with pytest.raises(IntegrityError, match="lease_only_while_running"), transaction.atomic():
        SyncJob.objects.filter(pk=job.pk).update(lease_token=uuid.uuid4(), lease_until=job.created_at)
    with pytest.raises(IntegrityError, match="cannot go from CREATED to SUCCEEDED"), transaction.atomic():
        SyncJob.objects.filter(pk=job.pk).update(state="SUCCEEDED", percentage=100, finished_at=job.created_at)


def test_a_success_without_a_full_bar_is_refused(running: Running) -> None:
    job = running()
    with pytest.raises(IntegrityError, match="full_if_and_only_if_succeeded"), transaction.atomic():
        SyncJob.objects.filter(pk=job.pk).update(
            state="SUCCEEDED", finished_at=job.created_at, lease_token=None, lease_until=None
        )


def test_a_request_waits_for_no_broker(ask: Ask) -> None:
    dispatch._broken_until = float("inf")
    job = ask().job
    assert (fresh(job).dispatched_at, fresh(job).dispatch_count) == (None, 0)


def test_whoever_asks_after_the_last_page_is_owed_a_look_at_what_is_new(ask: Ask, running: Running) -> None:
    job = running("large")
    context = Context(job)
    with context.page():
        pass
    ask("large")
    assert not lifecycle.succeed(job, heard=context.heard, news=Scope("small"))
    on = lifecycle.begin_further(job, Scope("small"))
    assert (on.mode, on.further, on.state) == ("small", None, State.RUNNING)
    assert lifecycle.succeed(on, heard=on.nudged_at, news=Scope("small"))


def test_what_was_asked_to_be_more_goes_before_what_is_merely_new(ask: Ask, running: Running) -> None:
    job = running("small")
    ask("large")
    assert not lifecycle.succeed(job, heard=None, news=Scope("small"))
    assert lifecycle.begin_further(job, Scope("small")).mode == "large"


def test_a_kind_that_has_nothing_new_is_not_kept_by_a_nudge(ask: Ask, running: Running) -> None:
    job = running("large")
    ask("large")
    assert lifecycle.succeed(job)
