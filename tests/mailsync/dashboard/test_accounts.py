"""The page of one mailbox, its forms without script."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client
from django.utils import timezone

from mailsync.models import Account, Body, Certificate, Failure, Message, Usage
from syncjobs.models import SyncJob
from syncjobs.states import State, Trigger

pytestmark = pytest.mark.django_db


def test_the_page_shows_jobs_proofs_and_debts(browser: Client, mailbox: Account, job: Callable[..., SyncJob]) -> None:
    made = job(mailbox)
    Certificate.objects.create(account=mailbox, job=made.task_id, history_id=1, listed=4321, mirrored=4320)
    Failure.objects.create(account=mailbox, gmail_id="18badbad", code="gone_wrong", reason="Base64 ends early")
    html = browser.get(f"/accounts/{mailbox.pk}/").content.decode()
    for text in (made.task_id, "4,321", "4,320", "18badbad", "Base64 ends early"):
        assert text in html


def test_the_page_says_what_was_spent_and_how_many_originals_are_still_to_come(
    browser: Client, mailbox: Account, mail: Callable[..., Message], job: Callable[..., SyncJob]
) -> None:
    for number in range(3):
        Body.objects.create(account=mailbox, message=mail(mailbox, f"18{number}"), data=b"")
    job(mailbox, mode="backfill")
    Usage.objects.create(account=mailbox, day=date(2026, 3, 1), units=12_345, requests=678)
    html = browser.get(f"/accounts/{mailbox.pk}/").content.decode()
    for text in ("3 originals still to come", "12,345", "678", "Original messages"):
        assert text in html
    Account.objects.update(policy=Account.Policy.READABLE)
    assert "still to come" not in browser.get(f"/accounts/{mailbox.pk}/").content.decode()


def test_the_sync_form_starts_a_job_without_script(browser: Client, mailbox: Account) -> None:
    answer = browser.post(f"/accounts/{mailbox.pk}/sync/", {"plan": "smart", "next": "/"}, follow=True)
    made = SyncJob.objects.get()
    assert (made.state, made.trigger, made.facts["account"]) == (State.CREATED, Trigger.BUTTON, mailbox.pk)
    assert answer.redirect_chain == [("/", 302)]
    assert "Sync started." in answer.content.decode()


def test_the_full_sync_form_asks_for_everything(browser: Client, mailbox: Account) -> None:
    mailbox.checkpoint.history_id = 7  # mirrored once: a smart sync would be incremental
    mailbox.checkpoint.save()
    browser.post(f"/accounts/{mailbox.pk}/sync/", {"plan": "smart"})
    assert SyncJob.objects.get().mode == "incremental"
    browser.post(f"/accounts/{mailbox.pk}/sync/", {"plan": "full"})
    assert SyncJob.objects.get().mode == "full"


def test_a_second_click_adopts_the_job_of_the_first(browser: Client, mailbox: Account) -> None:
    browser.post(f"/accounts/{mailbox.pk}/sync/")
    answer = browser.post(f"/accounts/{mailbox.pk}/sync/", follow=True)
    assert SyncJob.objects.count() == 1
    assert "A sync is on its way already." in answer.content.decode()


def test_a_paused_mailbox_starts_nothing_until_it_is_resumed(browser: Client, mailbox: Account) -> None:
    browser.post(f"/accounts/{mailbox.pk}/pause/")
    answer = browser.post(f"/accounts/{mailbox.pk}/sync/", follow=True)
    assert "This mailbox is paused: resume it first." in answer.content.decode()
    assert not SyncJob.objects.exists()
    browser.post(f"/accounts/{mailbox.pk}/resume/")
    browser.post(f"/accounts/{mailbox.pk}/sync/")
    assert SyncJob.objects.count() == 1


def test_a_mailbox_that_lost_its_grant_asks_to_be_connected_again(browser: Client, mailbox: Account) -> None:
    Account.objects.update(state=Account.State.RECONNECT)
    answer = browser.post(f"/accounts/{mailbox.pk}/sync/", follow=True)
    assert answer.content.decode().count("connect this mailbox again.") == 2  # in the notice, on the card
    assert not SyncJob.objects.exists()


def test_a_form_leads_back_only_to_pages_of_our_own(browser: Client, mailbox: Account) -> None:
    answer = browser.post(f"/accounts/{mailbox.pk}/pause/", {"next": "https://evil.example/"})
    assert answer["Location"] == "/"


def test_a_mailbox_is_disconnected_with_its_mirror_kept(browser: Client, mailbox: Account) -> None:
    Account.objects.update(complete_as_of=timezone.now())
    answer = browser.post(f"/accounts/{mailbox.pk}/disconnect/", {"mirror": "keep"}, follow=True)
    html = answer.content.decode()
    assert answer.redirect_chain == [(f"/accounts/{mailbox.pk}/", 302)]
    assert "Disconnected. What was mirrored stays here." in html
    assert f'href="/connect/?account={mailbox.pk}">Connect</a>' in html
    assert 'name="plan"' not in html  # nothing to start
    assert "/pause/" not in html
    assert "Disconnected: the 0 messages mirrored before stay here." in browser.get("/").content.decode()
    refused = browser.post(f"/accounts/{mailbox.pk}/sync/", follow=True)
    assert "This mailbox is disconnected: connect it again first." in refused.content.decode()


def test_a_mirror_is_erased_only_by_who_types_its_address(browser: Client, mailbox: Account) -> None:
    for address in ({}, {"address": ""}, {"address": "bert@example.com"}):
        answer = browser.post(f"/accounts/{mailbox.pk}/disconnect/", {"mirror": "erase", **address}, follow=True)
        assert "Nothing was erased: type the address of the mailbox to confirm." in answer.content.decode()
    mailbox.refresh_from_db()
    assert (mailbox.state, mailbox.erasing_since) == (Account.State.OK, None)
    right = {"mirror": "erase", "address": " Anna@Example.com "}
    answer = browser.post(f"/accounts/{mailbox.pk}/disconnect/", right, follow=True)
    assert answer.redirect_chain == [("/", 302)]
    assert "anna@example.com is disconnected, its mirror is being erased." in answer.content.decode()
    assert not Account.objects.exists()
