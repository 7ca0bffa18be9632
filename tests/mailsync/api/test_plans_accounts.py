"""Every plan, for nobody's, one, several, resting, unreachable mailboxes: the table of who hears what."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from mailsync.connect import connect
from mailsync.credentials import user_grant
from mailsync.models import Account, Checkpoint, Message
from mailsync.schedule import request_sync
from syncjobs.clock import SyncNow
from syncjobs.models import SyncJob
from syncjobs.states import Trigger
from tests.mailsync.mirror import assert_exact, sync
from tests.mailsync.simulated import Gmail

NOWHERE = "http://127.0.0.1:9"
PLANS = ("smart", "simple", "batch", "today", "week", "check")
STARTS = ("smart", "simple", "today", "week")
RESTING: dict[str, dict[str, Any]] = {
    "paused": {"paused_at": SyncNow()},
    "reconnect_needed": {"state": Account.State.RECONNECT},
}


def press(browser: Client, plan: str, **query: Any) -> Any:
    call = browser.get if plan == "check" else browser.post
    return call(f"/api/sync/{plan}", query_params=query)


def heard(answer: Any) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("code")


def resting(anna: User, email: str, **fields: Any) -> Account:
    account = Account.objects.create(owner=anna, email=email, credentials="{}", **fields)
    Checkpoint.objects.create(account=account, history_id=5)
    return account


def letter(account: Account, gmail_id: str) -> None:
    Message.objects.create(
        account=account,
        gmail_id=gmail_id,
        thread_id="feed",
        labels_as_of=1,
        history_id=1,
        size=1,
        internal_date=account.created_at,
    )


@pytest.mark.parametrize("plan", PLANS)
def test_without_a_mailbox_every_plan_says_so(browser: Client, plan: str) -> None:
    assert heard(press(browser, plan)) == (404, "no_account")


def test_without_a_mailbox_every_list_is_empty(browser: Client) -> None:
    assert browser.get("/api/sync/status").json() == {"success": True, "accounts": []}
    for path in ("messages", "labels", "accounts", "jobs"):
        answer = browser.get(f"/api/{path}/")
        assert (answer.status_code, answer.json()["results"]) == (200, []), path
    assert heard(browser.get("/api/threads/feed/")) == (404, "not_found")


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("code", RESTING)
def test_a_mailbox_that_rests_starts_nothing(browser: Client, anna: User, plan: str, code: str) -> None:
    resting(anna, "one@example.com", **RESTING[code])

    assert heard(press(browser, plan)) == (409, code)
    assert not SyncJob.objects.exists()
    assert browser.get("/api/sync/status").json()["accounts"][0]["state"] == code


def test_of_several_mailboxes_each_plan_wants_one_named(browser: Client, anna: User, gmail: Gmail) -> None:
    mine = connect(anna, gmail.email, user_grant(f"sim-refresh-{gmail.email}"))
    other = resting(anna, "other@example.com")

    for plan in PLANS:
        assert heard(press(browser, plan)) == (400, "account_required"), plan
    assert not SyncJob.objects.exists()
    for plan in ("check", "batch", *STARTS):
        assert press(browser, plan, account=mine.pk).status_code in (200, 202), plan
        assert heard(press(browser, plan, account=other.pk + 1)) == (404, "not_found")
    assert set(SyncJob.objects.values_list("resource", flat=True)) == {mine.resource, mine.raw_resource}


def test_of_several_mailboxes_lists_show_all_and_narrow_to_one(browser: Client, anna: User) -> None:
    first, second = resting(anna, "one@example.com"), resting(anna, "two@example.com", **RESTING["paused"])
    letter(first, "a1")
    letter(second, "b1")
    for account in (first, second):
        account.labels.create(label_id="INBOX", name="INBOX", type="system")

    def shown(path: str, field: str, of: str = "results", **query: Any) -> set[int]:
        return {each[field] for each in browser.get(path, query_params=query).json()[of]}

    for path, field, of in (
        ("/api/messages/", "account", "results"),
        ("/api/labels/", "account", "results"),
        ("/api/sync/status", "account", "accounts"),
        ("/api/threads/feed/", "account", "messages"),
    ):
        assert shown(path, field, of) == {first.pk, second.pk}, path
        assert shown(path, field, of, account=second.pk) == {second.pk}, path


def test_one_mailbox_that_rests_does_not_stop_the_other(browser: Client, anna: User, gmail: Gmail) -> None:
    mine = connect(anna, gmail.email, user_grant(f"sim-refresh-{gmail.email}"))
    asleep = resting(anna, "dead@example.com", **RESTING["reconnect_needed"])

    for plan in PLANS:
        assert heard(press(browser, plan, account=asleep.pk)) == (409, "reconnect_needed"), plan
    assert press(browser, "batch", account=mine.pk, batch_size=500).json()["synced_count"] == len(gmail.ids())


def test_after_reconnecting_it_goes_on_where_it_stood(browser: Client, account: Account, gmail: Gmail) -> None:
    assert press(browser, "batch", batch_size=15).json()["synced_count"] == 15
    gmail.control("revoke", email=gmail.email)
    failed = sync(account)
    assert (failed.state, failed.error_code) == ("FAILED", "reconnect_needed")
    assert {heard(press(browser, plan)) for plan in PLANS} == {(409, "reconnect_needed")}

    connect(account.owner, gmail.email, user_grant(gmail.control("grant", email=gmail.email)["refresh_token"]))

    assert sync(account).state == "SUCCEEDED"
    assert_exact(account, gmail)
    assert set(gmail.gets().values()) == {1}


def test_check_of_a_grant_that_died_unnoticed_asks_for_a_new_one(
    browser: Client, account: Account, gmail: Gmail
) -> None:
    gmail.control("revoke", email=gmail.email)

    assert heard(press(browser, "check")) == (409, "reconnect_needed")


def test_with_gmail_away_only_what_needs_it_now_is_refused(
    browser: Client, account: Account, gmail: Gmail, settings: Any, impatient: None
) -> None:
    sync(account)
    settings.GOOGLE_BASE_URL = NOWHERE

    for plan in ("check", "batch"):
        answer = press(browser, plan)
        assert heard(answer) == (503, "gmail_unavailable") and int(answer["Retry-After"]) > 0, plan
    assert [press(browser, plan).status_code for plan in STARTS] == [202, 202, 200, 200]
    assert browser.get(f"/api/messages/{gmail.ids()[0]}/raw/").status_code == 200


def test_a_job_that_lends_itself_to_a_batch_tells_that_gmail_is_away(
    browser: Client, account: Account, settings: Any, impatient: None
) -> None:
    waiting = request_sync(account, trigger=Trigger.BUTTON).job
    settings.GOOGLE_BASE_URL = NOWHERE

    assert heard(press(browser, "batch")) == (503, "gmail_unavailable")
    assert SyncJob.objects.get(pk=waiting.pk).is_active
