"""The page of one job."""

from collections.abc import Callable

import pytest
from django.test import Client

from mailsync.models import Account
from syncjobs import journal
from syncjobs.models import SyncJob
from syncjobs.states import State

pytestmark = pytest.mark.django_db


def test_the_page_tells_log_numbers_and_the_error_in_words(
    browser: Client, mailbox: Account, job: Callable[..., SyncJob]
) -> None:
    made = job(
        mailbox,
        State.FAILED,
        error_code="gmail_refused",
        error_params={"reason": "domainPolicy"},
        stats={"added": 12345},
    )
    journal.note(made, "claimed", worker="worker-7", slice=3)
    html = browser.get(f"/jobs/{made.task_id}/").content.decode()
    assert "Gmail refuses access (domainPolicy)" in html
    assert "Taken up by worker-7 (slice 3)" in html
    assert "12,345" in html


def test_a_waiting_job_is_cancelled_at_once(browser: Client, mailbox: Account, job: Callable[..., SyncJob]) -> None:
    made = job(mailbox, State.CREATED)
    answer = browser.post(f"/jobs/{made.task_id}/cancel/", follow=True)
    made.refresh_from_db()
    assert made.state == State.CANCELLED
    assert "Cancelled." in answer.content.decode()


def test_a_finished_job_cannot_be_cancelled(browser: Client, mailbox: Account, job: Callable[..., SyncJob]) -> None:
    made = job(mailbox, State.SUCCEEDED)
    answer = browser.post(f"/jobs/{made.task_id}/cancel/", follow=True)
    assert "This job is already finished." in answer.content.decode()


def test_retry_leads_to_a_new_job(browser: Client, mailbox: Account, job: Callable[..., SyncJob]) -> None:
    old = job(mailbox, State.FAILED, error_code="BUG", error_params={"exception": "ValueError"})
    assert "Retry</button>" in browser.get(f"/jobs/{old.task_id}/").content.decode()
    answer = browser.post(f"/jobs/{old.task_id}/retry/")
    fresh = SyncJob.objects.exclude(pk=old.pk).get()
    assert answer["Location"] == f"/jobs/{fresh.task_id}/"
    assert fresh.mode == old.mode


def test_a_job_that_succeeded_is_not_retried(browser: Client, mailbox: Account, job: Callable[..., SyncJob]) -> None:
    made = job(mailbox, State.SUCCEEDED)
    assert "Retry</button>" not in browser.get(f"/jobs/{made.task_id}/").content.decode()
    browser.post(f"/jobs/{made.task_id}/retry/")
    assert SyncJob.objects.count() == 1


def test_a_job_of_a_paused_mailbox_is_not_retried(
    browser: Client, mailbox: Account, job: Callable[..., SyncJob]
) -> None:
    made = job(mailbox, State.CANCELLED)
    browser.post(f"/accounts/{mailbox.pk}/pause/")
    answer = browser.post(f"/jobs/{made.task_id}/retry/", follow=True)
    assert "This mailbox is paused: resume it first." in answer.content.decode()
    assert SyncJob.objects.count() == 1
