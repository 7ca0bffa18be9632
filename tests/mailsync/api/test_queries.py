"""A page costs as many queries as any other of its list, whatever it holds."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mailsync import tokens
from mailsync.models import Account, Certificate, Change, Failure, Label, Message, Usage
from syncjobs.models import SyncJob, SyncJobEvent
from syncjobs.states import State

ROWS = 60
NOW = timezone.now()


@pytest.fixture
def eva(db: None) -> User:
    return User.objects.create_user("eva")


@pytest.fixture
def browser(eva: User) -> Client:
    client = Client()
    client.force_login(eva)
    return client


@pytest.fixture
def account(eva: User) -> Account:
    """One of three accounts, with enough of everything that a query per row would show."""
    account, other, _ = (Account.objects.create(owner=eva, email=f"{name}@example.com") for name in "abc")
    numbers = range(ROWS)
    Message.objects.bulk_create(message(each, number) for number in numbers for each in (account, other))
    Label.objects.bulk_create(Label(account=account, label_id=f"Label_{n}", name=str(n), type="user") for n in numbers)
    Failure.objects.bulk_create(Failure(account=account, gmail_id=f"{n:x}", code="transient") for n in numbers)
    Certificate.objects.bulk_create(
        Certificate(account=account, job="j", history_id=1, listed=1, mirrored=1) for n in numbers
    )
    Change.objects.bulk_create(
        Change(account=account, gmail_id="0" * 16, kind="labels", history_id=1, task_id="j") for n in numbers
    )
    Usage.objects.bulk_create(Usage(account=account, day=NOW.date() - timezone.timedelta(days=n)) for n in numbers)
    jobs = SyncJob.objects.bulk_create(job(account, number) for number in numbers)
    SyncJobEvent.objects.bulk_create(SyncJobEvent(job=jobs[0], code="done") for n in numbers)
    for _number in range(2):
        tokens.issue(eva, "cron")
    return account


def message(account: Account, number: int) -> Message:
    return Message(
        account=account,
        gmail_id=f"{number:016x}",
        thread_id="t1",
        labels=["INBOX"],
        labels_as_of=1,
        history_id=1,
        internal_date=NOW,
        size=1,
    )


def job(account: Account, number: int) -> SyncJob:
    return SyncJob(
        task_id=f"sync_1_{number}",
        kind="mailbox",
        owner=account.owner,
        resource=account.resource,
        facts={"account": account.pk, "email": account.email},
        mode="full",
        trigger="api",
        state=State.SUCCEEDED,
        percentage=100,
        finished_at=NOW,
        error_params={},
    )


def asked(browser: Client, path: str, **query: Any) -> tuple[int, dict[str, Any]]:
    """(queries, answer)."""
    with CaptureQueriesContext(connection) as captured:
        answer = browser.get(path, query)
    assert answer.status_code == 200, answer.content
    return len(captured), answer.json()


@pytest.mark.parametrize(
    "path",
    [
        "/api/messages/",
        "/api/messages/?q=larger:0",
        "/api/messages/?label=INBOX",
        "/api/messages/?account={account}",
        "/api/jobs/",
        "/api/jobs/?account={account}",
        "/api/accounts/",
        "/api/labels/",
        "/api/tokens/",
        "/api/accounts/{account}/failures/",
        "/api/accounts/{account}/certificates/",
        "/api/accounts/{account}/usage/",
        "/api/messages/0000000000000000/changes/?account={account}",
        "/api/jobs/sync_1_0/events/",
    ],
)
def test_every_page_of_a_list_takes_the_same_number_of_queries(browser: Client, account: Account, path: str) -> None:
    path = path.format(account=account.pk)
    asked(browser, path)  # what is asked once per process
    one, first = asked(browser, f"{path}{'&' if '?' in path else '?'}page_size=1")
    many, page = asked(browser, f"{path}{'&' if '?' in path else '?'}page_size=200")
    assert many == one
    assert len(page["results"]) > 1
    later, page_two = asked(browser, first["next"])
    assert later == one
    if previous := page_two["previous"]:  # a log has none
        back, _ = asked(browser, previous)
        assert back == one


def test_the_status_of_twenty_accounts_takes_as_many_queries_as_that_of_one(browser: Client, eva: User) -> None:
    for number in range(20):
        account = Account.objects.create(owner=eva, email=f"{number}@example.com")
        job(account, number).save()
        if number == 0:
            asked(browser, "/api/sync/status")
            one, _ = asked(browser, "/api/sync/status")
    twenty, answer = asked(browser, "/api/sync/status")
    assert len(answer["accounts"]) == 20
    assert twenty == one


def test_a_long_conversation_takes_as_many_queries_as_a_single_mail(browser: Client, account: Account) -> None:
    Message.objects.filter(gmail_id="0" * 16).update(thread_id="t2")
    whole, answer = asked(browser, "/api/threads/t1/", account=account.pk)
    single, _ = asked(browser, "/api/threads/t2/", account=account.pk)
    assert len(answer["messages"]) == ROWS - 1
    assert whole == single
