"""The page of one job."""

from collections.abc import Callable

import pytest
from django.test import Client

from mailsync.models import Account, Certificate
from syncjobs import journal
from syncjobs.models import SyncJob
from syncjobs.states import State
from tests.mailsync.mirror import sync

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


def test_a_job_that_waits_says_how_many_wait_before_it(
    browser: Client, mailbox: Account, strangers: Account, job: Callable[..., SyncJob]
) -> None:
    first = job(strangers, State.CREATED)
    mine = job(mailbox, State.CREATED)
    for path in (f"/jobs/{mine.task_id}/", "/"):
        assert "Waiting for a worker: one job ahead." in browser.get(path).content.decode()
    SyncJob.objects.filter(pk=first.pk).update(state=State.RUNNING)
    assert "Waiting for a worker." in browser.get(f"/jobs/{mine.task_id}/").content.decode()


def test_a_lost_grant_leads_to_the_consent_and_a_bug_to_the_admin(
    browser: Client, mailbox: Account, job: Callable[..., SyncJob]
) -> None:
    lost = job(mailbox, State.FAILED, error_code="reconnect_needed")
    html = browser.get(f"/jobs/{lost.task_id}/").content.decode()
    assert f'href="/connect/?account={mailbox.pk}">Connect again</a>' in html
    bug = job(mailbox, State.FAILED, error_code="BUG", error_params={"exception": "ValueError"})
    assert (
        "whoever runs this server finds the details in the admin"
        in browser.get(f"/jobs/{bug.task_id}/").content.decode()
    )


@pytest.mark.parametrize(
    "code", ["suddenly_empty", "gmail_refused", "gmail_unreachable", "STALE", "POISON", "account_gone"]
)
def test_every_error_that_ends_a_job_comes_with_what_to_do(
    browser: Client, mailbox: Account, job: Callable[..., SyncJob], code: str
) -> None:
    failed = job(mailbox, State.FAILED, error_code=code)
    assert "What to do:" in browser.get(f"/jobs/{failed.task_id}/").content.decode()


def test_the_certificate_that_a_job_ended_with_stands_on_its_page(
    browser: Client, mailbox: Account, job: Callable[..., SyncJob]
) -> None:
    made = job(mailbox)
    assert "Certificate" not in browser.get(f"/jobs/{made.task_id}/").content.decode()
    proof = Certificate.objects.create(account=mailbox, job=made.task_id, history_id=1, listed=4321, mirrored=4321)
    assert (
        "everything that Gmail listed is held here, 4,321 in number."
        in browser.get(f"/jobs/{made.task_id}/").content.decode()
    )
    Certificate.objects.filter(pk=proof.pk).update(missing_count=7)
    assert "the mirror lacked 7 of 4,321." in browser.get(f"/jobs/{made.task_id}/").content.decode()


def test_a_sync_leaves_the_phases_it_went_through_in_its_log(account: Account) -> None:
    done = sync(account)
    client = Client(headers={"accept-language": "en"})
    client.force_login(account.owner)
    html = client.get(f"/jobs/{done.task_id}/").content.decode()
    codes = list(done.events.values_list("code", flat=True))
    assert codes[0] == "created" and codes[-1] == "done"
    assert {"listing", "fetching", "labels", "certifying"} <= set(codes)
    for text in ("Where the time went", "Fetching mail, newest first", "Proving that nothing is missing"):
        assert text in html


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
