"""Any number of notifications is one pass, some seconds after the last."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from mailsync import pushed, schedule
from mailsync.connect import connect
from mailsync.models import Account, Checkpoint, Pushed
from mailsync.sync.scopes import WINDOW, news
from syncjobs import lifecycle
from syncjobs.admission import Scope
from syncjobs.clock import SyncNow
from syncjobs.models import SyncJob
from syncjobs.states import State, Trigger
from tests.committed import at_once

Turn = Callable[[timedelta], None]
EMAIL = "a@example.com"


@pytest.fixture
def mailbox(anna: User) -> Account:
    """A mailbox that was mirrored once."""
    account = connect(anna, EMAIL, "{}")
    Checkpoint.objects.filter(account=account).update(history_id=1)
    return account


def hear(times: int = 1) -> None:
    for _ in range(times):
        pushed.hear(EMAIL, 100)


def begin() -> SyncJob:
    """A worker takes up what is to be done."""
    job = lifecycle.claim(SyncJob.objects.active().get().pk, "worker")
    assert job is not None
    return job


def end(job: SyncJob) -> None:
    assert lifecycle.succeed(job)


def jobs() -> list[str]:
    return list(SyncJob.objects.order_by("pk").values_list("trigger", flat=True))


def test_the_first_starts_a_pass_at_once(mailbox: Account) -> None:
    hear()
    job = SyncJob.objects.get()
    assert (job.state, job.trigger, job.mode, job.queue) == (State.CREATED, Trigger.PUSH, "incremental", "interactive")


def test_those_before_it_begins_are_covered(mailbox: Account, turn: Turn) -> None:
    hear(5)
    end(begin())
    turn(timedelta(minutes=5))
    assert pushed.tick() == 0
    assert jobs() == ["push"]


def test_any_number_during_a_pass_is_one_more_after_a_rest(mailbox: Account, turn: Turn) -> None:
    hear()
    job = begin()
    hear(50)
    assert pushed.tick() == 0
    end(job)
    hear(50)
    assert pushed.tick() == 0
    assert jobs() == ["push"], "too soon after the last pass"
    job.refresh_from_db()
    assert job.further is None
    turn(pushed.REST)
    assert pushed.tick() == 1
    assert jobs() == ["push", "push"]
    end(begin())
    turn(timedelta(minutes=5))
    assert pushed.tick() == 0
    assert len(jobs()) == 2, "nothing came since it began"


def test_one_that_comes_soon_after_a_pass_waits_for_the_end_of_the_rest(mailbox: Account, turn: Turn) -> None:
    hear()
    end(begin())
    hear()
    assert jobs() == ["push"] and pushed.tick() == 0
    turn(pushed.REST)
    assert pushed.tick() == 1 and jobs() == ["push", "push"]


def test_after_the_rest_the_next_one_starts_at_once(mailbox: Account, turn: Turn) -> None:
    hear()
    end(begin())
    turn(timedelta(seconds=10))
    hear()
    assert jobs() == ["push", "push"]


def test_a_pass_of_somebody_else_needs_no_rest(mailbox: Account) -> None:
    schedule.request_sync(mailbox, trigger=Trigger.BUTTON)
    job = begin()
    hear(3)
    end(job)
    assert pushed.tick() == 1
    assert jobs() == ["button", "push"]


def test_a_long_pass_is_told_to_look_for_news_in_between(mailbox: Account, turn: Turn) -> None:
    schedule.request_sync(mailbox, trigger=Trigger.BUTTON, full=True)
    job = begin()
    hear()
    job.refresh_from_db()
    first = job.nudged_at
    assert first is not None
    hear()
    job.refresh_from_db()
    assert job.nudged_at == first, "not at every notification"
    turn(timedelta(seconds=3))
    hear()
    job.refresh_from_db()
    assert job.nudged_at is not None and job.nudged_at > first
    assert job.further is None


def test_a_short_pass_is_not_kept_from_its_end_by_those_that_come_while_it_runs(mailbox: Account) -> None:
    """What they are about is for the pass that they owe, after a rest."""
    schedule.request_sync(mailbox, trigger=Trigger.BUTTON)
    job = begin()
    hear(3)
    assert lifecycle.succeed(job, heard=None, news=news(job.scope))
    assert Pushed.objects.get().due_at is not None


def test_a_window_does_not_cover_what_is_new(mailbox: Account) -> None:
    schedule.request_scope(mailbox, Scope(WINDOW, {"after": 1}), trigger=Trigger.BUTTON)
    job = begin()
    hear()
    end(job)
    assert pushed.tick() == 1
    assert SyncJob.objects.latest("pk").mode == "incremental"


def test_a_failed_or_cancelled_pass_still_owes_the_next(mailbox: Account, turn: Turn) -> None:
    hear()
    job = begin()
    hear()
    lifecycle.fail(job, "BUG")
    turn(pushed.REST)
    assert pushed.tick() == 1
    job = begin()
    lifecycle.cancel(job, by="anna")
    hear()
    lifecycle.cancelled(job)
    turn(pushed.REST * 2)
    assert pushed.tick() == 1
    assert len(jobs()) == 3


def test_a_run_that_fell_silent_is_replaced(mailbox: Account, turn: Turn) -> None:
    hear()
    job = begin()
    turn(timedelta(hours=1))
    hear()
    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, "STALE")
    assert SyncJob.objects.active().count() == 1


def test_even_an_end_that_nobody_told_of_keeps_nothing_waiting(mailbox: Account, turn: Turn) -> None:
    hear()
    job = begin()
    hear()
    SyncJob.objects.filter(pk=job.pk).update(
        state=State.CANCELLED, finished_at=SyncNow(), lease_token=None, lease_until=None
    )
    turn(timedelta(minutes=2))
    assert pushed.tick() == 1 and len(jobs()) == 2


def test_who_rests_owes_nothing(mailbox: Account, turn: Turn) -> None:
    hear()
    end(begin())
    hear()
    schedule.pause(mailbox, by="anna")
    turn(timedelta(minutes=1))
    assert pushed.tick() == 1
    hear()
    assert not Pushed.objects.exclude(due_at=None).exists() and jobs() == ["push"]


def test_many_at_once_in_many_threads_start_one_pass(mailbox: Account) -> None:
    results = at_once([hear] * 20)
    assert not [each for each in results if isinstance(each, BaseException)]
    assert jobs() == ["push"]


def test_two_ticks_at_once_begin_it_once(mailbox: Account, turn: Turn) -> None:
    hear()
    end(begin())
    hear()
    Pushed.objects.update(due_at=SyncNow(), rest_until=None)
    assert sorted(at_once([pushed.tick, pushed.tick])) in ([0, 1], [1, 1])  # type: ignore[type-var]
    assert jobs() == ["push", "push"]
