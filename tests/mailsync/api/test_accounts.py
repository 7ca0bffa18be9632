"""Letting go of an account over HTTP."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from mailsync import erase
from mailsync.connect import connect
from mailsync.credentials import user_grant
from mailsync.models import Account
from syncjobs.models import SyncJob
from syncjobs.states import State
from tests.mailsync.mirror import sync

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailbox(anna: User) -> Account:
    return connect(anna, "anna@example.com", user_grant("1//refresh"))


@pytest.mark.parametrize("query", ["", "?mirror=", "?mirror=both", "?mirror=KEEP", "?mirror=keep&mirror=erase"])
def test_without_a_clear_word_on_the_mirror_nothing_happens(browser: Client, mailbox: Account, query: str) -> None:
    browser.post("/api/sync/smart")
    answer = browser.delete(f"/api/accounts/{mailbox.pk}/{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert "mirror" in answer.json()["errors"]
    mailbox.refresh_from_db()
    assert mailbox.state == Account.State.OK and mailbox.next_sync_at is not None
    assert SyncJob.objects.get().state == State.CREATED


def test_the_account_of_a_stranger_is_not_found(browser: Client) -> None:
    theirs = connect(User.objects.create_user("bert"), "bert@example.com", user_grant("x"))
    assert browser.delete(f"/api/accounts/{theirs.pk}/?mirror=erase").status_code == 404
    assert Account.objects.get(pk=theirs.pk).state == Account.State.OK


def test_keep_cancels_first_then_refuses_every_start(browser: Client, mailbox: Account) -> None:
    browser.post("/api/sync/smart")

    answer = browser.delete(f"/api/accounts/{mailbox.pk}/?mirror=keep")

    assert answer.status_code == 202
    assert answer.json().keys() == {"success", "account"}
    assert answer.json()["account"].items() >= {"id": mailbox.pk, "state": "disconnected", "next_sync_at": None}.items()
    assert SyncJob.objects.get().state == State.CANCELLED
    for verb, path in [("post", "smart"), ("post", "simple"), ("post", "batch"), ("post", "week"), ("get", "check")]:
        refused = getattr(browser, verb)(f"/api/sync/{path}")
        assert (refused.status_code, refused.json()["code"]) == (409, "reconnect_needed"), path
    status = browser.get("/api/sync/status").json()["accounts"][0]
    assert (status["state"], status["is_syncing"]) == ("disconnected", False)
    assert status["sync_message"].startswith("Disconnected")


def test_the_kept_mirror_is_still_read_and_searched(browser: Client, account: Account) -> None:
    sync(account)
    browser.delete(f"/api/accounts/{account.pk}?mirror=keep")
    found = browser.get("/api/messages/?q=in:anywhere&page_size=200").json()["results"]
    assert len(found) == 40
    assert browser.get(f"/api/messages/{found[0]['gmail_id']}/raw/").status_code == 200


def test_an_erased_account_is_gone_at_once_from_api_and_pages(browser: Client, account: Account) -> None:
    sync(account)
    gmail_id = browser.get("/api/messages/?q=in:anywhere").json()["results"][0]["gmail_id"]
    mine = f"/api/accounts/{account.pk}"

    answer = browser.delete(f"{mine}/?mirror=erase")

    assert (answer.status_code, answer.json()["account"]["state"]) == (202, "disconnected")
    for path in (
        f"{mine}/",
        f"{mine}/certificates/",
        f"/api/messages/{gmail_id}/",
        f"/api/messages/{gmail_id}/raw/",
        f"/api/messages/{gmail_id}/changes/",
        f"/api/messages/?account={account.pk}",
        f"/accounts/{account.pk}/",
        f"/mail/{gmail_id}/",
        f"/mail/?account={account.pk}",
    ):
        assert browser.get(path).status_code == 404, path
    assert browser.delete(f"{mine}/?mirror=erase").status_code == 404
    assert browser.post(f"{mine}/resume/").status_code == 404
    for path in ("/api/accounts/", "/api/messages/?q=in:anywhere", "/api/labels/"):
        assert browser.get(path).json()["results"] == [], path
    assert browser.get("/api/sync/status").json()["accounts"] == []
    assert browser.post("/api/sync/smart").json()["code"] == "no_account"
    for page in ("/", "/mail/", "/mail/?q=in:anywhere"):
        shown = browser.get(page)
        assert shown.status_code == 200
        assert gmail_id not in shown.content.decode()


def test_the_jobs_of_an_erased_account_go_first(browser: Client, account: Account) -> None:
    sync(account)
    browser.delete(f"/api/accounts/{account.pk}/?mirror=erase")
    for _ in ("events", "jobs"):
        assert erase.erase_chunk(account.pk)
    assert browser.get("/api/jobs/").json()["results"] == []
    assert Account.erasing.exists()


def test_an_account_that_is_disconnected_already_may_still_be_erased(browser: Client, mailbox: Account) -> None:
    for mirror in ("keep", "keep", "erase"):
        assert browser.delete(f"/api/accounts/{mailbox.pk}/?mirror={mirror}").status_code == 202
    assert not Account.objects.exists()
