"""The clock of one mailbox, set over HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.test import Client

from mailsync import schedule
from mailsync.models import Account, Checkpoint
from syncjobs.clock import SyncNow, in_
from syncjobs.models import SyncJob

LONGEST = 30 * 86_400


@pytest.fixture
def mailbox(anna: User) -> Account:
    account = Account.objects.create(owner=anna, email="one@example.com", credentials="{}")
    Checkpoint.objects.create(account=account)
    return account


def patch(browser: Client, account: Account, **fields: Any) -> Any:
    return browser.patch(f"/api/accounts/{account.pk}/", fields, "application/json")


@pytest.mark.parametrize("seconds", [60, 600, LONGEST])
def test_the_interval_is_set_from_a_minute_to_thirty_days(browser: Client, mailbox: Account, seconds: int) -> None:
    answer = patch(browser, mailbox, interval_seconds=seconds)

    assert (answer.status_code, answer.json()["interval_seconds"]) == (200, seconds)
    soon = Account.objects.filter(next_sync_at__gt=SyncNow(), next_sync_at__lte=SyncNow() + F("interval"))
    assert soon.get().interval == timedelta(seconds=seconds)


@pytest.mark.parametrize("seconds", [0, -600, 59, LONGEST + 1, 10**30, 90.5, "soon", "", None, [600], {}])
def test_any_other_interval_is_refused_and_changes_nothing(browser: Client, mailbox: Account, seconds: Any) -> None:
    answer = patch(browser, mailbox, interval_seconds=seconds)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["interval_seconds"])
    mailbox.refresh_from_db()
    assert mailbox.interval == timedelta(hours=1)


def test_each_mailbox_keeps_its_own_interval(browser: Client, anna: User, mailbox: Account) -> None:
    slow = Account.objects.create(owner=anna, email="two@example.com", credentials="{}")
    Checkpoint.objects.create(account=slow)
    patch(browser, mailbox, interval_seconds=60)
    patch(browser, slow, interval_seconds=86_400)
    Account.objects.update(next_sync_at=in_(-timedelta(minutes=10)))

    assert schedule.tick() == 2

    soon = Account.objects.filter(next_sync_at__gt=SyncNow(), next_sync_at__lte=in_(timedelta(minutes=1)))
    assert list(soon) == [mailbox]
    assert Account.objects.get(next_sync_at__gt=in_(timedelta(hours=23))) == slow
    assert SyncJob.objects.count() == 2
