from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from mailsync import debts
from mailsync.models import Account, Failure
from mailsync.schedule import request_sync
from syncjobs import lifecycle
from syncjobs.models import SyncJob
from syncjobs.states import State, Trigger
from tests.mailsync.mirror import assert_exact, held, sync
from tests.mailsync.simulated import Gmail

Turn = Callable[[timedelta], None]


@pytest.fixture
def owing(account: Account, gmail: Gmail) -> str:
    """A message that Gmail refuses, after three attempts in two syncs."""
    broken = gmail.ids()[3]
    gmail.faults({"fault": "domain_policy", "match": {"method": "messages.get", "ids": [broken]}})
    for _ in range(2):
        assert sync(account).state == State.SUCCEEDED
    assert Failure.objects.get(account=account).attempts == 3
    return broken


def test_a_debt_rests_longer_after_each_attempt_up_to_a_day(account: Account, owing: str, turn: Turn) -> None:
    pauses, passed = [], timedelta(0)
    for _ in range(5):
        debt = Failure.objects.get(account=account)
        pauses.append(round((debt.next_try_at - debt.last_at).total_seconds() / 60))
        sync(account)
        assert Failure.objects.get(account=account).attempts == debt.attempts, "not due yet"
        passed += debt.next_try_at - debt.last_at + timedelta(seconds=5)
        turn(passed)
        sync(account)
        assert Failure.objects.get(account=account).attempts == debt.attempts + 1
    assert pauses == [15, 60, 240, 960, 1440]


def test_what_is_not_due_is_tried_when_somebody_asks_for_it(account: Account, gmail: Gmail, owing: str) -> None:
    gmail.faults()
    sync(account)
    assert owing not in held(account)
    job = debts.retry(account, trigger=Trigger.BUTTON).job
    assert sync(account).pk == job.pk
    assert_exact(account, gmail)
    assert not Failure.objects.exists()


def test_a_retry_during_a_sync_asks_for_a_further_pass(account: Account, owing: str) -> None:
    running = request_sync(account, trigger=Trigger.BUTTON).job
    lifecycle.claim(running.pk, "worker")
    answer = debts.retry(account, trigger=Trigger.BUTTON)
    assert (answer.job.pk, answer.created) == (running.pk, False)
    assert answer.job.further == {"mode": "incremental", "params": {}}


def test_the_page_and_the_api_say_when_and_retry_at_once(account: Account, owing: str) -> None:
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(account.owner)
    debt = Failure.objects.get(account=account)
    [shown] = browser.get(f"/api/accounts/{account.pk}/failures/").json()["results"]
    assert shown["next_try_at"] > shown["last_at"]
    page = browser.get(f"/accounts/{account.pk}/").content.decode()
    assert "Try them all again now" in page and "Next try" in page
    browser.post(f"/accounts/{account.pk}/failures/retry/")
    debt.refresh_from_db()
    assert debt.next_try_at - debt.last_at < timedelta(minutes=15)
    assert SyncJob.objects.active().get().mode == "incremental"
