"""The API as programs see it: one shape of error, strangers find nothing, starts never double."""

import hashlib
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from mailsync import tokens
from mailsync.models import Account, Checkpoint, Message
from mailsync.schedule import request_sync
from syncjobs import lifecycle
from syncjobs.clock import SyncNow
from syncjobs.models import SyncJob
from syncjobs.states import State, Trigger
from tests.committed import at_once
from tests.mailsync.mirror import sync
from tests.mailsync.simulated import Gmail


def connected(owner: User, email: str, **fields: Any) -> Account:
    account = Account.objects.create(owner=owner, email=email, credentials="{}", **fields)
    Checkpoint.objects.create(account=account)
    return account


@pytest.fixture
def mailbox(anna: User) -> Account:
    return connected(anna, "anna@example.com")


@pytest.fixture
def strangers(anna: User) -> tuple[Account, SyncJob, Message]:
    account = connected(User.objects.create_user("bob"), "bob@example.com")
    job = request_sync(account, trigger=Trigger.BUTTON).job
    message = Message.objects.create(
        account=account,
        gmail_id="abc1",
        thread_id="abc1",
        labels_as_of=1,
        history_id=1,
        size=1,
        internal_date=job.created_at,
    )
    return account, job, message


def assert_error(answer: Any, status: int, code: str | None = None) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    assert answer.status_code == status, body
    assert body["success"] is False and body["message"]
    assert set(body) <= {"success", "code", "message", "errors"}
    assert isinstance(body["code"], str) and (code is None or body["code"] == code)
    return body


def test_smart_creates_then_adopts(browser: Client, mailbox: Account) -> None:
    first, second = browser.post("/api/sync/smart"), browser.post("/api/sync/smart/")
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json()["task_id"] == second.json()["task_id"]
    assert (first.json()["created"], second.json()["created"]) == (True, False)
    assert set(first.json()) == {"success", "created", "task_id", "in_progress", "message", "stats", "job"}
    assert first.json()["job"]["trigger"] == "button"


def test_force_full_widens(browser: Client, mailbox: Account) -> None:
    Checkpoint.objects.filter(account=mailbox).update(history_id=5)
    assert browser.post("/api/sync/smart").json()["job"]["sync_type"] == "incremental"
    assert browser.post("/api/sync/smart?force_full=true").json()["job"]["sync_type"] == "full"
    assert_error(browser.post("/api/sync/smart?force_full=perhaps"), 400)


def test_fifty_starts_at_once_are_one_202_and_forty_nine_200(anna: User, mailbox: Account) -> None:
    clients = [Client() for _ in range(50)]
    for client in clients:
        client.force_login(anna)
    answers = at_once([lambda client=client: client.post("/api/sync/smart") for client in clients])
    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [202]  # type: ignore[union-attr]
    assert len({answer.json()["task_id"] for answer in answers}) == 1  # type: ignore[union-attr]


def test_a_token_opens_the_api_and_is_told_apart_from_a_click(anna: User, mailbox: Account) -> None:
    _, secret = tokens.issue(anna, "script")
    answer = Client().post("/api/sync/smart", headers={"authorization": f"Token {secret}"})
    assert (answer.status_code, answer.json()["job"]["trigger"]) == (202, "api")


@pytest.mark.parametrize("header", [None, "Token", "Token wrong", "Token a b", "Bearer x", "Token é"])
def test_without_a_valid_key_nothing_opens(mailbox: Account, header: str | None) -> None:
    headers = {"authorization": header} if header else {}
    for path in ("/api/sync/status", "/api/jobs/", "/api/messages/", "/api/accounts/"):
        answer = Client().get(path, headers=headers)
        assert_error(answer, 401)
        assert answer["WWW-Authenticate"]


def test_a_session_without_csrf_is_refused(anna: User, mailbox: Account) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(anna)
    assert_error(client.post("/api/sync/smart"), 403)
    assert not SyncJob.objects.exists()


def test_every_error_has_the_one_shape(browser: Client, mailbox: Account) -> None:
    done = lifecycle.cancel(request_sync(mailbox, trigger=Trigger.BUTTON).job, by="anna")
    wrong = [
        (browser.get("/api/nowhere"), 404),
        (browser.get("/api/jobs/sync_1_00000000_1/"), 404),
        (browser.get("/api/accounts/987654/"), 404),
        (browser.get("/api/accounts/987654321098765432109/"), 404),
        (browser.get("/api/messages/feed/"), 404),
        (browser.get("/api/messages/feed/raw/"), 404),
        (browser.get("/api/sync/smart"), 405),
        (browser.post(f"/api/jobs/{done.task_id}/cancel/"), 409),
        (browser.get("/api/jobs/?state=ODD"), 400),
        (browser.get("/api/jobs/?cursor=made-up"), 400),
        (browser.get("/api/jobs/?page_size=201"), 400),
        (browser.get("/api/jobs/?account=x"), 400),
        (browser.get(f"/api/jobs/{done.task_id}/events/?after=x"), 400),
        (browser.get("/api/messages/?account=" + "9" * 5_000), 400),
        (browser.get("/api/messages/?q=" + "x" * 2_001), 400),
        (browser.get("/api/messages/?label=%00"), 400),
        (browser.patch(f"/api/accounts/{mailbox.pk}/", "{broken", "application/json"), 400),
        (browser.patch(f"/api/accounts/{mailbox.pk}/", {"interval_seconds": 1}, "application/json"), 400),
        (browser.patch(f"/api/accounts/{mailbox.pk}/", "a=b", "text/plain"), 415),
        (browser.get("/api/jobs/", headers={"accept": "image/png"}), 406),
    ]
    for answer, status in wrong:
        assert_error(answer, status)
    assert "interval_seconds" in assert_error(wrong[17][0], 400)["errors"]


def test_the_account_that_is_meant(browser: Client, anna: User) -> None:
    assert_error(browser.post("/api/sync/smart"), 404, "no_account")
    first, second = connected(anna, "one@example.com"), connected(anna, "two@example.com")
    assert_error(browser.post("/api/sync/smart"), 400, "account_required")
    assert browser.post(f"/api/sync/smart?account={second.pk}").json()["job"]["account"] == second.pk
    assert [each["account"] for each in browser.get("/api/sync/status").json()["accounts"]] == [first.pk, second.pk]


@pytest.mark.parametrize(
    ("fields", "code"), [({"paused_at": SyncNow()}, "paused"), ({"state": Account.State.RECONNECT}, "reconnect_needed")]
)
def test_an_account_that_cannot_be_synced_says_why(
    browser: Client, anna: User, fields: dict[str, Any], code: str
) -> None:
    account = connected(anna, "one@example.com", **fields)
    assert_error(browser.post("/api/sync/smart"), 409, code)
    assert_error(browser.post("/api/sync/batch"), 409, code)
    job = SyncJob.objects.create(
        task_id="sync_1_00000000_1",
        kind="mailbox",
        owner=anna,
        resource=account.resource,
        title="x",
        mode="full",
        facts={"account": account.pk, "email": account.email},
        trigger="button",
        state=State.CANCELLED,
        finished_at=SyncNow(),
    )
    assert_error(browser.post(f"/api/jobs/{job.task_id}/retry/"), 409, code)


def test_a_retry_is_a_new_job(browser: Client, mailbox: Account) -> None:
    old = lifecycle.cancel(request_sync(mailbox, trigger=Trigger.BUTTON, full=True).job, by="anna")
    answer = browser.post(f"/api/jobs/{old.task_id}/retry/")
    assert answer.status_code == 202 and answer.json()["task_id"] != old.task_id
    assert_error(browser.post(f"/api/jobs/{answer.json()['task_id']}/retry/"), 409, "not_retryable")


def test_a_retry_for_a_mailbox_that_is_gone_is_a_conflict(browser: Client, mailbox: Account) -> None:
    old = lifecycle.cancel(request_sync(mailbox, trigger=Trigger.BUTTON).job, by="anna")
    mailbox.delete()
    assert_error(browser.post(f"/api/jobs/{old.task_id}/retry/"), 409, "account_gone")


def test_a_stranger_finds_nothing(
    browser: Client, mailbox: Account, strangers: tuple[Account, SyncJob, Message]
) -> None:
    account, job, message = strangers
    for path in (
        f"/api/jobs/{job.task_id}/",
        f"/api/jobs/{job.task_id}/events/",
        f"/api/accounts/{account.pk}/",
        f"/api/messages/{message.gmail_id}/",
        f"/api/messages/{message.gmail_id}/raw/",
        f"/api/messages/?account={account.pk}",
        f"/api/sync/status?account={account.pk}",
    ):
        assert_error(browser.get(path), 404)
    for path in (
        f"/api/jobs/{job.task_id}/cancel/",
        f"/api/jobs/{job.task_id}/retry/",
        f"/api/accounts/{account.pk}/pause/",
        f"/api/accounts/{account.pk}/resume/",
        f"/api/sync/smart?account={account.pk}",
        f"/api/sync/batch?account={account.pk}",
    ):
        assert_error(browser.post(path), 404)
    assert_error(browser.patch(f"/api/accounts/{account.pk}/", {"interval_seconds": 600}, "application/json"), 404)
    for path in ("/api/jobs/", "/api/messages/", f"/api/jobs/?account={account.pk}"):
        assert browser.get(path).json()["results"] == []
    job.refresh_from_db()
    assert job.state == State.CREATED


def test_is_syncing_is_true_while_running_alone(browser: Client, mailbox: Account) -> None:
    def status() -> dict[str, Any]:
        found: dict[str, Any] = browser.get("/api/sync/status").json()["accounts"][0]
        return found

    assert (status()["is_syncing"], status()["task_id"]) == (False, None)
    job = request_sync(mailbox, trigger=Trigger.BUTTON).job
    assert (status()["is_syncing"], status()["task_id"]) == (False, job.task_id)
    claimed = lifecycle.claim(job.pk, "worker")
    assert status()["is_syncing"]
    assert claimed is not None and lifecycle.succeed(claimed)
    assert (status()["is_syncing"], status()["progress_percentage"]) == (False, 100)


def test_mail_comes_out_byte_for_byte(browser: Client, account: Account, gmail: Gmail) -> None:
    sync(account)
    truth = {each["id"]: each for each in gmail.mailbox()["messages"]}
    results = browser.get("/api/messages/?page_size=200&q=in:anywhere").json()["results"]
    assert [each["gmail_id"] for each in results] == list(truth)
    for each in results[:10]:
        raw = browser.get(f"/api/messages/{each['gmail_id']}/raw/")
        assert raw["Content-Type"] == "message/rfc822"
        assert hashlib.sha256(raw.content).hexdigest() == truth[each["gmail_id"]]["sha256"]
        alone = browser.get(f"/api/messages/{each['gmail_id']}/").json()
        assert {"headers", "text", "html", "attachments", "internal_date", "history_id", "fidelity", "cc"} <= set(alone)
        assert alone["labels"] == truth[each["gmail_id"]]["labelIds"]


def test_accounts_are_changed_paused_and_resumed(browser: Client, mailbox: Account) -> None:
    address = f"/api/accounts/{mailbox.pk}"
    assert browser.patch(f"{address}/", {"interval_seconds": 600}, "application/json").json()["interval_seconds"] == 600
    assert browser.post(f"{address}/pause/").json()["paused"] is True
    assert browser.post(f"{address}/resume").json()["paused"] is False
    assert browser.get("/api/accounts/").json()["results"][0]["email"] == mailbox.email


def test_a_mailbox_that_no_key_opens_is_still_shown(browser: Client, mailbox: Account) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE mailsync_account SET credentials = 'no token of ours'")
    for path in ("/api/accounts/", "/api/sync/status"):
        assert browser.get(path).status_code == 200


def test_a_retry_adopts_what_is_active(browser: Client, mailbox: Account) -> None:
    old = browser.post("/api/sync/smart").json()["task_id"]
    browser.post(f"/api/jobs/{old}/cancel/")

    first, second = (browser.post(f"/api/jobs/{old}/retry/") for _ in range(2))

    assert (first.status_code, first.json()["created"]) == (202, True)
    assert (second.status_code, second.json()["created"]) == (200, False)
    assert first.json()["task_id"] == second.json()["task_id"] != old
