import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F

from mailsync import schedule
from mailsync.models import Account, Checkpoint
from syncjobs import lifecycle
from syncjobs.clock import SyncNow, in_
from syncjobs.models import SyncJob
from syncjobs.states import Queue, State, Trigger
from tests.committed import at_once

Turn = Callable[[timedelta], None]
HOUR = timedelta(hours=1)


@pytest.fixture
def due(anna: User) -> Callable[..., Account]:
    """due(**fields) makes a mailbox whose time has come."""

    def make(email: str = "a@example.com", **fields: object) -> Account:
        account = Account.objects.create(owner=anna, email=email, interval=HOUR, credentials="{}", **fields)
        Account.objects.filter(pk=account.pk).update(next_sync_at=in_(-timedelta(minutes=5)))
        Checkpoint.objects.create(account=account)
        account.refresh_from_db()
        return account

    return make


def test_what_is_due_is_started_once(due: Callable[..., Account]) -> None:
    account = due()
    assert (schedule.tick(), schedule.tick()) == (1, 0)
    job = SyncJob.objects.get()
    assert (job.trigger, job.queue, job.state, job.mode) == (Trigger.CLOCK, Queue.SCHEDULED, State.CREATED, "full")
    before = account.next_sync_at
    account.refresh_from_db()
    assert account.next_sync_at == before + HOUR  # type: ignore[operator]


def test_missed_windows_become_one_run(due: Callable[..., Account], turn: Turn) -> None:
    account = due()
    before = account.next_sync_at
    turn(timedelta(hours=49))
    assert schedule.tick() == 1 and SyncJob.objects.count() == 1
    account.refresh_from_db()
    assert account.next_sync_at == before + 50 * HOUR  # type: ignore[operator]


@pytest.mark.parametrize(
    ("late", "windows"), [(timedelta(0), 1), (HOUR - timedelta(seconds=1), 1), (HOUR, 2), (49 * HOUR, 50), (-HOUR, 1)]
)
def test_the_next_time_is_the_first_window_in_the_future(late: timedelta, windows: int) -> None:
    assert schedule.windows_missed(late, HOUR) == windows


def test_two_ticks_at_once_start_each_account_once(due: Callable[..., Account]) -> None:
    for number in range(12):
        due(f"box{number}@example.com")
    found = at_once([schedule.tick] * 3)
    assert sum(found) == 12  # type: ignore[arg-type]
    assert SyncJob.objects.count() == SyncJob.objects.values("resource").distinct().count() == 12


def test_the_paused_and_the_disconnected_rest(due: Callable[..., Account]) -> None:
    due("paused@example.com", paused_at=SyncNow())
    due("dead@example.com", state=Account.State.RECONNECT)
    assert schedule.tick() == 0 and not SyncJob.objects.exists()


def test_one_mailbox_that_no_key_opens_does_not_stop_the_clock(due: Callable[..., Account]) -> None:
    sealed = due("sealed@example.com")
    due("fine@example.com")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE mailsync_account SET credentials = 'no token of ours' WHERE id = %s", [sealed.pk])
    assert schedule.tick() == 2


def test_a_mailbox_that_somebody_holds_does_not_stop_the_clock(due: Callable[..., Account]) -> None:
    held, other = due("held@example.com"), due("other@example.com")
    locked, ticked = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Account.objects.select_for_update(no_key=True).get(pk=held.pk)
            locked.set()
            assert ticked.wait(30)

    def tick() -> int:
        assert locked.wait(30)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '300ms'")
            return schedule.tick()
        finally:
            ticked.set()

    assert at_once([hold, tick]) == [None, 1]
    assert SyncJob.objects.get().title == other.email


def test_a_mailbox_whose_start_fails_waits_for_its_next_window_alone(due: Callable[..., Account]) -> None:
    broken = due("broken@example.com")
    job = schedule.request_sync(broken, trigger=Trigger.BUTTON).job
    lifecycle.claim(job.pk, "worker")
    SyncJob.objects.filter(pk=job.pk).update(further={"no such": "scope"})
    due("fine@example.com")
    assert (schedule.tick(), schedule.tick()) == (1, 0)
    assert SyncJob.objects.filter(title="fine@example.com", state=State.CREATED).exists()


def test_a_mailbox_that_is_being_synced_skips_its_window(due: Callable[..., Account]) -> None:
    account = due()
    job = schedule.request_sync(account, trigger=Trigger.BUTTON).job
    lifecycle.claim(job.pk, "worker")
    assert schedule.tick() == 1
    assert SyncJob.objects.count() == 1 and SyncJob.objects.get().further is None


def test_a_request_says_why_it_cannot_be(due: Callable[..., Account]) -> None:
    with pytest.raises(schedule.Paused):
        schedule.request_sync(due("p@example.com", paused_at=SyncNow()), trigger=Trigger.BUTTON)
    with pytest.raises(schedule.ReconnectNeeded):
        schedule.request_sync(due("r@example.com", state=Account.State.RECONNECT), trigger=Trigger.BUTTON)


def test_fifty_clicks_at_once_start_one_job(due: Callable[..., Account]) -> None:
    account = due()
    answers = at_once([lambda: schedule.request_sync(account, trigger=Trigger.BUTTON)] * 50)
    assert not [answer for answer in answers if isinstance(answer, BaseException)]
    assert sum(answer.created for answer in answers) == 1  # type: ignore[union-attr]
    assert len({answer.job.task_id for answer in answers}) == 1  # type: ignore[union-attr]


def test_a_push_during_a_run_asks_for_one_more_pass(due: Callable[..., Account]) -> None:
    account = due()
    lifecycle.claim(schedule.request_sync(account, trigger=Trigger.BUTTON).job.pk, "worker")
    for _ in range(5):
        schedule.request_sync(account, trigger=Trigger.PUSH)
    job = SyncJob.objects.get()
    assert job.further is not None and [e.code for e in job.events.all()].count("further_pass_asked") == 1


def test_pause_cancels_and_resume_goes_on_by_the_clock(due: Callable[..., Account]) -> None:
    account = due()
    job = schedule.request_sync(account, trigger=Trigger.BUTTON).job
    schedule.pause(account, by="anna")
    job.refresh_from_db()
    assert job.state == State.CANCELLED
    assert schedule.tick() == 0
    schedule.pause(account, by="anna")
    schedule.resume(account)
    account.refresh_from_db()
    assert account.paused_at is None
    assert Account.objects.filter(next_sync_at__gt=SyncNow(), next_sync_at__lte=SyncNow() + F("interval")).exists()


def test_the_phase_is_a_fixed_share_of_the_interval() -> None:
    phases = [schedule.phase(number, HOUR) for number in range(1, 500)]
    assert phases == [schedule.phase(number, HOUR) for number in range(1, 500)]
    assert all(timedelta(0) < each <= HOUR for each in phases)
    assert len({int(each.total_seconds() // 600) for each in phases}) >= 6
