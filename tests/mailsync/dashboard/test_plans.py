"""The Sync button's menu, without script."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.test import Client

from mailsync.models import Account, Message, Preferences
from mailsync.windows import this_week, today
from syncjobs.models import SyncJob
from syncjobs.states import State
from tests.mailsync.mirror import sync
from tests.mailsync.simulated import Gmail


@pytest.fixture
def visitor(account: Account) -> Client:
    """Whom the connected mailbox belongs to."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(account.owner)
    return client


def choose(browser: Client, account: Account, action: str, plan: str) -> str:
    answer = browser.post(f"/accounts/{account.pk}/{action}/", {"plan": plan, "next": "/"}, follow=True)
    assert answer.redirect_chain == [("/", 302)]
    return answer.content.decode()


@pytest.mark.parametrize(("plan", "begin"), [("today", today), ("week", this_week)])
def test_today_and_this_week_begin_at_midnight_where_the_reader_lives(
    browser: Client, anna: User, mailbox: Account, plan: str, begin: Callable[[datetime, ZoneInfo], int]
) -> None:
    Preferences.objects.create(user=anna, time_zone="Pacific/Kiritimati")
    assert "Sync started." in choose(browser, mailbox, "sync", plan)
    job = SyncJob.objects.get()
    expected = begin(datetime.now(UTC), ZoneInfo("Pacific/Kiritimati"))
    assert (job.mode, job.params) == ("window", {"after": expected})
    assert abs(expected - begin(datetime.now(UTC), ZoneInfo("Pacific/Pago_Pago"))) >= timedelta(hours=1).total_seconds()


def test_a_plan_that_nobody_knows_is_a_smart_sync(browser: Client, mailbox: Account) -> None:
    choose(browser, mailbox, "sync", "everything, twice")
    assert SyncJob.objects.get().mode == "full"  # the first one of a mailbox


def test_the_next_hundred_come_with_the_answer_and_need_no_worker(visitor: Client, account: Account) -> None:
    html = choose(visitor, account, "batch", "batch")
    assert "40 messages fetched." in html
    assert Message.objects.filter(account=account).count() == 40


def test_a_check_says_how_many_are_new_and_fetches_none(visitor: Client, account: Account, gmail: Gmail) -> None:
    sync(account)
    assert "Nothing new: everything that Gmail has is here." in choose(visitor, account, "check", "check")
    gmail.deliver(3)
    assert "Messages at Gmail that are not here yet: 3." in choose(visitor, account, "check", "check")
    assert Message.objects.filter(account=account).count() == 40


def test_what_gmail_refuses_is_said_in_the_reader_s_language(visitor: Client, account: Account, gmail: Gmail) -> None:
    Preferences.objects.create(user=account.owner, language="zh-hans")
    gmail.faults({"fault": "domain_policy", "match": {"method": "messages.list"}})
    assert "目前无法连接 Gmail。" in choose(visitor, account, "check", "check")


@pytest.mark.parametrize("action", ["batch", "check"])
def test_a_paused_mailbox_is_asked_nothing(visitor: Client, account: Account, gmail: Gmail, action: str) -> None:
    visitor.post(f"/accounts/{account.pk}/pause/")
    assert "This account is paused. Resume it first." in choose(visitor, account, action, action)
    assert gmail.units() == 0
    assert not SyncJob.objects.exclude(state=State.CANCELLED).exists()
