"""The list of jobs."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from mailsync.models import Account
from syncjobs.models import SyncJob
from syncjobs.states import State, Trigger

pytestmark = pytest.mark.django_db


def shown(browser: Client, query: str = "") -> list[str]:
    answer = browser.get(f"/jobs/{query}")
    assert answer.status_code == 200
    return re.findall(r'href="/jobs/(sync_[^/]+)/"', answer.content.decode())


def test_the_filters_narrow_the_list_alone_and_together(
    browser: Client, anna: User, mailbox: Account, connected: Callable[..., Account], job: Callable[..., SyncJob]
) -> None:
    other = connected(anna, "other@example.com")
    failed = job(mailbox, State.FAILED, error_code="gmail_unreachable").task_id
    done = job(mailbox).task_id
    theirs = job(other).task_id
    clock = job(other, State.RUNNING)
    SyncJob.objects.filter(pk=clock.pk).update(trigger=Trigger.CLOCK)
    assert shown(browser) == [clock.task_id, theirs, done, failed]
    assert shown(browser, "?state=&account=&trigger=") == [clock.task_id, theirs, done, failed]
    assert shown(browser, "?state=FAILED") == [failed]
    assert shown(browser, f"?account={other.pk}") == [clock.task_id, theirs]
    assert shown(browser, "?trigger=clock") == [clock.task_id]
    assert shown(browser, f"?account={other.pk}&state=SUCCEEDED&trigger=button") == [theirs]
    assert "No job is like that." in browser.get("/jobs/?state=CANCELLED").content.decode()


def test_pages_follow_each_other_with_the_filter_kept_and_nothing_twice(
    browser: Client, mailbox: Account, job: Callable[..., SyncJob]
) -> None:
    made = [job(mailbox).task_id for _ in range(7)]
    job(mailbox, State.FAILED)
    seen, path = [], "/jobs/?state=SUCCEEDED&page_size=3"
    while path:
        html = browser.get(path).content.decode()
        seen += re.findall(r'href="/jobs/(sync_[^/]+)/"', html)
        older = re.search(r'rel="next" href="([^"]+)"', html)
        path = older[1].replace("&amp;", "&") if older else ""
    assert seen == made[::-1]


def test_a_failure_says_why_in_the_list(browser: Client, mailbox: Account, job: Callable[..., SyncJob]) -> None:
    job(mailbox, State.FAILED, error_code="gmail_refused", error_params={"reason": "domainPolicy"})
    assert "Gmail refuses access (domainPolicy)" in browser.get("/jobs/").content.decode()


@pytest.mark.parametrize("query", ["?state=LOST", "?trigger=moon", "?account=x", "?cursor=made-up", "?page_size=0"])
def test_what_cannot_be_asked_is_not_found(browser: Client, query: str) -> None:
    assert browser.get(f"/jobs/{query}").status_code == 404


def test_nobody_sees_the_jobs_of_others(browser: Client, strangers: Account, job: Callable[..., SyncJob]) -> None:
    theirs = job(strangers)
    assert shown(browser) == shown(browser, f"?account={strangers.pk}") == []
    assert theirs.title not in browser.get("/jobs/").content.decode()
