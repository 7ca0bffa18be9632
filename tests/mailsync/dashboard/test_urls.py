"""Who may open which page."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from mailsync.models import Account, ApiToken, Message
from mailsync.tokens import issue
from syncjobs.models import SyncJob
from syncjobs.states import State

PAGES = [
    "/",
    "/jobs/",
    "/mail/",
    "/settings/",
    "/accounts/1/",
    "/accounts/1/figures/",
    "/invitations/",
    "/settings/password/",
    "/settings/email/",
    "/mail/abc/",
    "/mail/abc/html/",
    "/jobs/sync_1_00000000_1/",
]


@pytest.mark.parametrize("path", PAGES)
def test_a_visitor_who_is_not_signed_in_is_sent_to_the_login(client: Client, db: None, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer["Location"] == f"{reverse('login')}?next={path}"


def test_the_mailbox_of_a_stranger_is_not_found(browser: Client, strangers: Account) -> None:
    assert browser.get(f"/accounts/{strangers.pk}/").status_code == 404
    for action in ("sync", "pause", "resume", "disconnect"):
        assert browser.post(f"/accounts/{strangers.pk}/{action}/").status_code == 404
    strangers.refresh_from_db()
    assert strangers.paused_at is None
    assert not SyncJob.objects.exists()


def test_the_job_of_a_stranger_is_not_found(browser: Client, strangers: Account, job: Callable[..., SyncJob]) -> None:
    theirs = job(strangers, State.CREATED)
    assert browser.get(f"/jobs/{theirs.task_id}/").status_code == 404
    for action in ("cancel", "retry"):
        assert browser.post(f"/jobs/{theirs.task_id}/{action}/").status_code == 404
    theirs.refresh_from_db()
    assert theirs.state == State.CREATED


def test_the_mail_of_a_stranger_is_not_found(
    browser: Client, strangers: Account, mailbox: Account, mail: Callable[..., Message]
) -> None:
    mail(strangers, "18c0de", subject="Private matter")
    assert browser.get("/mail/18c0de/").status_code == 404
    assert browser.get("/mail/18c0de/html/").status_code == 404
    assert browser.get(f"/mail/?account={strangers.pk}").status_code == 404
    assert "Private matter" not in browser.get("/mail/?q=in:anywhere").content.decode()


def test_the_token_of_a_stranger_cannot_be_revoked(browser: Client, strangers: Account) -> None:
    token, _secret = issue(strangers.owner, "theirs")
    assert browser.post(f"/settings/tokens/{token.pk}/revoke/").status_code == 404
    assert ApiToken.objects.filter(pk=token.pk).exists()


@pytest.mark.parametrize("action", ["sync", "pause", "resume", "disconnect"])
def test_nothing_changes_by_following_a_link(browser: Client, mailbox: Account, action: str) -> None:
    assert browser.get(f"/accounts/{mailbox.pk}/{action}/").status_code == 405


def test_a_form_from_another_site_is_refused(anna: User, mailbox: Account) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(anna)
    assert client.post(f"/accounts/{mailbox.pk}/sync/").status_code == 403
    assert not SyncJob.objects.exists()


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("path", ["/nowhere/", "/accounts/999999/"])
def test_an_address_that_leads_nowhere_says_so_in_a_page_of_ours(
    browser: Client, settings: Any, path: str, debug: bool
) -> None:
    settings.DEBUG = debug
    answer = browser.get(path)
    assert answer.status_code == 404
    assert "There is nothing here." in answer.content.decode()


def test_what_is_not_allowed_and_a_form_that_is_too_old_are_pages_of_ours(browser: Client, anna: User) -> None:
    assert "You may not open this page." in browser.get("/invitations/").content.decode()
    client = Client(enforce_csrf_checks=True, headers={"accept-language": "zh-hans"})
    client.force_login(anna)
    assert "此表单已过期" in client.post("/settings/").content.decode()
