"""New mail does not wait for old: what a long pass does when somebody asks while it runs."""

import threading
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from mailsync.models import Account, Message
from mailsync.schedule import request_sync
from mailsync.sync import asks, fetching
from syncjobs import lifecycle, runner
from syncjobs.states import State, Trigger
from tests.committed import at_once
from tests.mailsync.mirror import assert_exact, sync
from tests.mailsync.simulated import Gmail
from tests.mailsync.sync.watched import position, watch

FIRST_MINUTE, PROMISED = 62, 15
PAGES_UNTIL_SEEN = 2  # the one that hears of it, the one that brings it


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asks, "MOST_MESSAGES", 10)
    monkeypatch.setattr(fetching, "PARTS", 10)


@pytest.mark.parametrize(("trigger", "at"), [(Trigger.BUTTON, 3), (Trigger.PUSH, 8), (Trigger.BUTTON, 16)])
def test_mail_that_arrives_during_a_full_pass_is_there_two_pages_after_the_click_or_push(
    account: Account, gmail: Gmail, small_pages: None, trigger: Trigger, at: int
) -> None:
    gmail.deliver(60)
    arrived: list[str] = []
    seen: dict[int, bool] = {}
    stages: dict[int, str] = {}

    def after(page: int) -> None:
        if page == at:
            arrived.extend(gmail.deliver(1))
            assert not request_sync(account, trigger=trigger).created
        seen[page] = bool(arrived) and Message.objects.filter(account=account, gmail_id__in=arrived).exists()
        stages[page] = position(account).get("stage", "")

    watch(account, after)
    assert seen[at + PAGES_UNTIL_SEEN] and not seen[at]
    assert stages[at] == stages[at + PAGES_UNTIL_SEEN] or at > 12, "the pass went on where it was"
    done = sync(account)
    assert done.state == State.SUCCEEDED
    assert_exact(account, gmail)
    assert max(gmail.gets().values()) == 1


def test_a_pass_that_nobody_asks_again_does_not_look_at_history_between_its_pages(
    account: Account, gmail: Gmail, small_pages: None
) -> None:
    gmail.deliver(60)
    lists = []
    watch(account, lambda page: lists.append(gmail.ask("stats")["requests"].get("history.list", 0)))
    assert lists[11] == 0 and 1 <= lists[-1] <= 2


def test_mail_from_just_before_a_click_that_meets_the_last_moment_of_a_pass_is_there_when_its_job_ends(
    account: Account, gmail: Gmail
) -> None:
    """The last thing that a pass reads are the names of the labels, which take a second here."""
    sync(account)
    gmail.faults({"fault": "slow", "match": {"method": "labels.list"}, "seconds": 1.0, "times": 2})
    job = request_sync(account, trigger=Trigger.BUTTON).job
    arrived: list[str] = []

    def click() -> None:
        started = time.monotonic()
        while not gmail.ask("stats")["requests"].get("labels.list", 0) and time.monotonic() - started < 60:
            time.sleep(0.02)
        arrived.extend(gmail.deliver(1))
        answer = request_sync(account, trigger=Trigger.BUTTON)
        assert (answer.created, answer.job.pk) == (False, job.pk)

    gmail.control("reset-stats")
    at_once([lambda: runner.run(job.pk, "worker"), click])
    job.refresh_from_db()
    assert (job.state, job.mode) == (State.SUCCEEDED, "incremental")
    assert Message.objects.filter(account=account, gmail_id__in=arrived).exists()
    assert_exact(account, gmail)


@pytest.mark.long
@pytest.mark.timeout(400)
def test_mail_is_there_within_fifteen_seconds_while_a_pass_waits_for_its_quota(
    account: Account, gmail: Gmail, settings: Any
) -> None:
    """At 6,000 units a minute, once the allowance of the first minute is used up."""
    settings.GMAIL_USER_UNITS_PER_MINUTE = 6000
    gmail.deliver(900)
    job = request_sync(account, trigger=Trigger.BUTTON).job
    over = threading.Event()
    waited: list[float] = []

    def work() -> None:
        while not over.is_set() and (after := runner.run(job.pk, "worker")) is not None and after.is_active:
            over.wait(max((after.not_before - datetime.now(UTC)).total_seconds(), 0.1))

    def ask() -> None:
        try:
            time.sleep(FIRST_MINUTE)
            for trigger in [Trigger.BUTTON, Trigger.PUSH] * 2:
                arrived = gmail.deliver(1)
                asked = time.monotonic()
                assert not request_sync(account, trigger=trigger).created
                while not Message.objects.filter(account=account, gmail_id__in=arrived).exists():
                    assert time.monotonic() - asked < PROMISED, waited
                    time.sleep(0.1)
                waited.append(round(time.monotonic() - asked, 1))
                assert position(account)["stage"] == "fetching"
                time.sleep(3.3)
        finally:
            over.set()
            lifecycle.cancel(job, by="anna")

    at_once([work, ask])
    print("seconds until the mail was there:", waited)
    assert len(waited) == 4 and max(waited) < PROMISED
