"""The first page."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from mailsync.models import Account, Body, Failure, Message, Usage
from syncjobs.clock import SyncNow
from syncjobs.liveness import BEAT, queue_name, seen
from syncjobs.models import SyncJob
from syncjobs.states import Queue, State


def page(browser: Client, path: str = "/") -> str:
    answer = browser.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_without_a_mailbox_it_says_how_to_connect_one(browser: Client) -> None:
    assert "No mailbox is connected yet." in page(browser)


def test_the_first_button_named_sync_starts_a_smart_sync(browser: Client, mailbox: Account) -> None:
    html = page(browser)
    first = html[html.index("<button") :]
    assert first.startswith('<button class="primary" type="submit" name="plan" value="smart"')
    assert first[: first.index("</button>")].endswith(">Sync")


def test_a_complete_mailbox_says_so_with_its_numbers(
    browser: Client, mailbox: Account, mail: Callable[..., Message]
) -> None:
    mail(mailbox, "a1")
    Account.objects.update(complete_as_of=timezone.now())
    html = page(browser)
    assert "Your mail is safe: nothing is missing." in html
    assert "</time>: 1 of 1." in html


def test_the_bar_of_a_finished_job_stays_at_a_hundred(
    browser: Client, mailbox: Account, job: Callable[..., SyncJob]
) -> None:
    job(mailbox, State.SUCCEEDED)
    html = page(browser)
    assert 'role="progressbar"' in html
    assert 'aria-valuenow="100"' in html


def test_a_running_job_shows_phase_counts_rate_and_the_time_left(
    browser: Client, mailbox: Account, job: Callable[..., SyncJob]
) -> None:
    job(
        mailbox,
        State.RUNNING,
        phase="fetching",
        stats={"total": 10000, "done": 4150},
        rate_per_minute=298.0,
        eta_seconds=1178.0,
        message_code="fetching",
    )
    html = page(browser)
    for text in ("Syncing now.", "4,150 of 10,000", "298 a minute", "about 20 min left", 'aria-valuenow="41.5"'):
        assert text in html


def test_without_script_the_page_reloads_itself_only_while_a_job_is_on_its_way(
    browser: Client, mailbox: Account, job: Callable[..., SyncJob]
) -> None:
    job(mailbox, State.SUCCEEDED)
    assert 'http-equiv="refresh"' not in page(browser)
    running = job(mailbox, State.RUNNING)
    for path in ("/", f"/accounts/{mailbox.pk}/", f"/jobs/{running.task_id}/"):
        assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page(browser, path)


def test_a_job_that_backs_off_says_why(browser: Client, mailbox: Account, job: Callable[..., SyncJob]) -> None:
    job(mailbox, State.RUNNING, phase="backing_off", message_code="gmail_unreachable")
    assert "Gmail cannot be reached at the moment; trying again by itself" in page(browser)


@pytest.mark.parametrize(("alive", "told"), [(False, True), (True, False)])
def test_a_job_that_waits_while_no_worker_consumes_offers_the_batch(
    browser: Client, mailbox: Account, job: Callable[..., SyncJob], alive: bool, told: bool
) -> None:
    if alive:
        seen(queue_name(Queue.INTERACTIVE))
    job(mailbox, State.CREATED)
    html = page(browser)
    notice = html[html.index("data-stranded") :]
    assert ("hidden" not in notice[: notice.index(">")]) is told


@pytest.mark.parametrize("lost", ["", BEAT, queue_name(Queue.SCHEDULED)])
def test_a_mailbox_that_nothing_will_sync_by_itself_does_not_promise_it(
    browser: Client, mailbox: Account, lost: str
) -> None:
    mailbox.next_sync_at = timezone.now()
    mailbox.save()
    for name in {BEAT, queue_name(Queue.SCHEDULED)} - {lost}:
        seen(name)
    html = page(browser)
    assert ("Next automatic sync" in html, "Automatic sync stands still" in html) == (not lost, bool(lost))


def test_the_error_of_a_failed_job_stands_on_the_card(
    browser: Client, mailbox: Account, job: Callable[..., SyncJob]
) -> None:
    job(mailbox, State.FAILED, error_code="reconnect_needed")
    html = page(browser)
    assert "One mailbox needs you." in html
    assert "Google no longer lets us in: reconnect this mailbox" in html


def test_the_card_tells_grant_quota_debts_and_the_originals_still_to_come(
    browser: Client, mailbox: Account, mail: Callable[..., Message], settings: Any
) -> None:
    settings.GMAIL_USER_UNITS_PER_MINUTE = 6000
    Body.objects.create(account=mailbox, message=mail(mailbox, "a1"), data=b"")
    Body.objects.create(account=mailbox, message=mail(mailbox, "a2", deleted_at=timezone.now()), data=b"")
    Failure.objects.create(account=mailbox, gmail_id="18badbad", code="gone_wrong")
    today = datetime.now(UTC).date()
    Usage.objects.create(account=mailbox, day=today, units=4321, requests=9)
    Usage.objects.create(account=mailbox, day=today - timedelta(days=1), units=9999, requests=9)
    html = page(browser)
    quota = "Quota: 4,321 units today, at most 6,000 a minute"
    for text in ("Connected</li>", "1 original still to come", "1 could not be read", "Retry only these", quota):
        assert text in html
    settings.GMAIL_USER_UNITS_PER_MINUTE = 0
    assert "Quota: 4,321 units today</a>" in page(browser)


def test_a_mailbox_without_debts_or_originals_to_come_is_not_bothered_with_them(
    browser: Client, mailbox: Account
) -> None:
    html = page(browser)
    for text in ("Retry only these", "still to come", "could not be read"):
        assert text not in html


def test_the_number_of_queries_does_not_grow_with_the_mailboxes(
    browser: Client,
    anna: User,
    connected: Callable[..., Account],
    job: Callable[..., SyncJob],
    mail: Callable[..., Message],
    django_assert_num_queries: Any,
    django_assert_max_num_queries: Any,
) -> None:
    def fill(email: str) -> None:
        account = connected(anna, email)
        job(account, State.CREATED, dispatched_at=SyncNow())
        mail(account, "a1")

    fill("one@example.com")
    with django_assert_max_num_queries(16) as first:
        page(browser)
    for number in range(4):
        fill(f"more{number}@example.com")
    with django_assert_num_queries(len(first)):
        page(browser)


def test_no_page_carries_inline_script_or_style(browser: Client, mailbox: Account, job: Callable[..., SyncJob]) -> None:
    made = job(mailbox, State.RUNNING)
    for path in ("/", "/mail/", "/settings/", f"/accounts/{mailbox.pk}/", f"/jobs/{made.task_id}/"):
        html = page(browser, path)
        assert "style=" not in html
        assert "<style" not in html
        assert " onclick=" not in html
        for script in html.split("<script")[1:]:
            opening = script[: script.index(">")]
            assert "src=" in opening or 'type="application/json"' in opening


def test_the_first_page_guides_whoever_has_no_mailbox(browser: Client, settings: Any) -> None:
    settings.SIMULATED = False
    html = browser.get("/").content.decode()
    assert "Connect a mailbox" in html
    assert "simulated" not in html.replace("connect/simulated", "")
    assert browser.post("/connect/simulated/").status_code == 404
    settings.SIMULATED = True
    assert "Try it with a simulated mailbox" in browser.get("/").content.decode()
    answer = browser.post("/connect/simulated/")
    account = Account.objects.get()
    assert answer["Location"] == f"/accounts/{account.pk}/"
    assert SyncJob.objects.get().resource == account.resource


def test_a_sync_that_failed_says_what_to_do_on_the_first_page(
    browser: Client, mailbox: Account, job: Callable[..., SyncJob]
) -> None:
    job(mailbox, State.FAILED, error_code="suddenly_empty")
    html = browser.get("/").content.decode()
    assert "What to do:" in html
    assert f'href="/accounts/{mailbox.pk}/"' in html
