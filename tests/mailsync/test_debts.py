from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from gmail.client import GmailClient
from gmail.resources import Message
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


def test_each_debt_is_tried_alone_and_streamed_since_it_may_be_big(
    account: Account, gmail: Gmail, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(account)
    new = gmail.deliver(6)
    gmail.faults({"fault": "domain_policy", "match": {"method": "messages.get", "ids": new}})
    sync(account)
    gmail.faults()
    streamed: list[str] = []
    stream = GmailClient.stream_message

    def seen(client: GmailClient, id_: str, *, on_chunk: Callable[[int], None]) -> Message:
        streamed.append(id_)
        return stream(client, id_, on_chunk=on_chunk)

    monkeypatch.setattr(GmailClient, "stream_message", seen)
    sync(account)
    assert sorted(streamed) == sorted(new), "all of them in one sync"
    assert_exact(account, gmail)


@pytest.mark.parametrize("policy", [Account.Policy.ARCHIVE, Account.Policy.BOTH])
def test_debts_that_all_fail_as_in_an_outage_rest_longer_each_time_too(
    account: Account, gmail: Gmail, monkeypatch: pytest.MonkeyPatch, policy: Account.Policy
) -> None:
    monkeypatch.setattr("gmail.backoff.jitter", lambda attempt: 0.0)
    Account.objects.filter(pk=account.pk).update(policy=policy)
    sync(account)
    owed = gmail.deliver(4)
    Failure.objects.bulk_create(Failure(account=account, gmail_id=id_, code="transient") for id_ in owed)
    gmail.faults({"fault": "500", "match": {"method": "messages.get", "ids": owed}})
    for _ in range(4):
        assert sync(account).state == State.SUCCEEDED
    assert set(Failure.objects.values_list("attempts", flat=True)) == {3}, "not again before 15 minutes"


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
