"""Every call that starts a sync keeps the promises of starts."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from mailsync.models import Account, Checkpoint
from mailsync.schedule import request_sync
from syncjobs import lifecycle
from syncjobs.models import IdempotencyKey, SyncJob
from syncjobs.states import Trigger
from tests.mailsync.simulated import Gmail

STARTS = ["sync/smart", "sync/simple", "sync/today", "sync/week", "jobs/{job}/retry/", "accounts/{pk}/failures/retry/"]


@pytest.mark.parametrize("start", STARTS)
def test_a_start_sent_twice_with_one_key_starts_once(browser: Client, anna: User, start: str) -> None:
    mailbox = Account.objects.create(owner=anna, email="anna@example.com", credentials="{}")
    Checkpoint.objects.create(account=mailbox)
    old = lifecycle.cancel(request_sync(mailbox, trigger=Trigger.BUTTON).job, by="anna")
    path = "/api/" + start.format(job=old.task_id, pk=mailbox.pk)
    first: Any = browser.post(path, headers={"idempotency-key": "one"})
    lifecycle.cancel(SyncJob.objects.active().get(), by="anna")
    again: Any = browser.post(path, headers={"idempotency-key": "one"})
    assert (first.status_code, again.status_code, again["Idempotency-Replayed"]) == (202, 202, "true")
    assert first.content == again.content
    assert not SyncJob.objects.active().exists()


def test_a_batch_sent_twice_with_one_key_fetches_once(browser: Client, account: Account, gmail: Gmail) -> None:
    path, key = "/api/sync/batch?batch_size=10", {"idempotency-key": "one"}
    first, again, next_one = browser.post(path, headers=key), browser.post(path, headers=key), browser.post(path)
    assert first.json()["synced_count"] == 10
    assert (first.content, again["Idempotency-Replayed"]) == (again.content, "true")
    assert next_one.json()["synced_count"] == 10
    assert account.messages.count() == 20


def test_a_refused_start_keeps_no_answer(browser: Client, anna: User) -> None:
    assert browser.post("/api/sync/smart", headers={"idempotency-key": "one"}).status_code == 404
    assert not IdempotencyKey.objects.exists()
