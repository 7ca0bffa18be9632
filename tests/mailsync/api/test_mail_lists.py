"""Labels, threads, attachments, ledgers, tokens: what a program may read of its mirror."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client

from gmail.mime import attachment_bytes
from mailsync.api.attachments import disposition, ranged
from mailsync.messages import raw
from mailsync.models import Account, Failure, Message, Usage
from tests.mailsync.mirror import sync
from tests.mailsync.simulated import Gmail


def test_labels_are_counted(browser: Client, account: Account, gmail: Gmail) -> None:
    sync(account)
    truth = gmail.mailbox()["messages"]

    labels = {each["id"]: each for each in browser.get("/api/labels/").json()["results"]}

    assert set(labels["INBOX"]) == {"id", "account", "name", "type", "total", "unread"}
    for name in ("INBOX", "SENT", "UNREAD"):
        with_it = [each for each in truth if name in each["labelIds"]]
        assert labels[name]["total"] == len(with_it)
        assert labels[name]["unread"] == sum("UNREAD" in each["labelIds"] for each in with_it)


def test_a_thread_has_its_messages_oldest_first(browser: Client, account: Account, gmail: Gmail) -> None:
    sync(account)
    longest = max({each["threadId"] for each in gmail.mailbox()["messages"]}, key=lambda id_: length(gmail, id_))

    thread = browser.get(f"/api/threads/{longest}/").json()

    assert thread["thread_id"] == longest
    assert len(thread["messages"]) == length(gmail, longest) > 1
    shown = [each["gmail_id"] for each in thread["messages"]]
    assert shown == list(
        Message.objects.filter(thread_id=longest).order_by("internal_date").values_list("gmail_id", flat=True)
    )
    assert browser.get("/api/threads/abcdef/").status_code == 404


def length(gmail: Gmail, thread_id: str) -> int:
    return sum(each["threadId"] == thread_id for each in gmail.mailbox()["messages"])


def test_an_attachment_is_its_exact_bytes_as_a_download(browser: Client, account: Account, gmail: Gmail) -> None:
    sync(account)
    with_file = Message.objects.filter(has_attachments=True).order_by("size")
    message, part = next((row, each) for row in with_file for each in row.attachments if each["size"] >= 10)

    answer = browser.get(f"/api/messages/{message.gmail_id}/attachments/{part['part_id']}/")

    content = attachment_bytes(raw(message) or b"", part["part_id"])
    assert content and answer.content == content
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["X-Content-Type-Options"] == "nosniff"
    some = browser.get(f"/api/messages/{message.gmail_id}/attachments/{part['part_id']}/", HTTP_RANGE="bytes=1-3")
    assert (some.status_code, some.content) == (206, content[1:4])
    assert browser.get(f"/api/messages/{message.gmail_id}/attachments/9.9/").status_code == 404


@pytest.mark.parametrize(
    ("asked", "status", "content"),
    [
        ("", 200, b"0123456789"),
        ("bytes=2-4", 206, b"234"),
        ("bytes=7-", 206, b"789"),
        ("bytes=-3", 206, b"789"),
        ("bytes=0-99", 206, b"0123456789"),
        ("bytes=10-", 416, b""),
        ("bytes=5-2", 416, b""),
        ("bytes=-", 200, b"0123456789"),
        ("bytes=0-1,3-4", 200, b"0123456789"),
        ("lines=1-2", 200, b"0123456789"),
    ],
)
def test_ranges_follow_the_standard(asked: str, status: int, content: bytes) -> None:
    answer = ranged(b"0123456789", asked)
    assert (answer.status_code, answer.content) == (status, content)


def test_no_file_name_breaks_out_of_its_header() -> None:
    assert disposition('../../etc/pass"wd\r\nSet-Cookie: a=b') == (
        "attachment; filename=\"pass_wdSet-Cookie_ a_b\"; filename*=UTF-8''pass%22wdSet-Cookie%3A%20a%3Db"
    )
    assert "filename*=UTF-8''%E5%8F%91%E7%A5%A8.pdf" in disposition("发票.pdf")
    assert 'filename="attachment"' in disposition("")


def test_debts_proofs_and_units_can_be_read(browser: Client, account: Account) -> None:
    sync(account)
    Failure.objects.create(account=account, gmail_id="abc", code="transient", reason="500", attempts=2)
    base = f"/api/accounts/{account.pk}"

    failures = browser.get(f"{base}/failures/").json()["results"]
    proofs = browser.get(f"{base}/certificates/").json()["results"]
    usage = browser.get(f"{base}/usage/").json()["results"]
    retried = browser.post(f"{base}/failures/retry/")

    assert [(each["gmail_id"], each["code"], each["attempts"]) for each in failures] == [("abc", "transient", 2)]
    assert proofs[0]["listed"] == proofs[0]["mirrored"] > 0
    assert proofs[0]["missing_count"] == 0
    spent = Usage.objects.get()
    assert usage == [{"day": datetime.now(UTC).date().isoformat(), "units": spent.units, "requests": spent.requests}]
    assert retried.status_code == 202


def test_tokens_are_made_used_and_revoked(browser: Client, account: Account) -> None:
    made = browser.post("/api/tokens/", {"label": "cron", "expires_days": 90}, content_type="application/json")
    secret = made.json()["token"]
    key = {"HTTP_AUTHORIZATION": f"Token {secret}"}

    assert made.status_code == 201
    assert Client().get("/api/accounts/", **key).status_code == 200
    listed = browser.get("/api/tokens/").json()["results"]
    assert [each["label"] for each in listed] == ["cron"]
    assert secret not in browser.get("/api/tokens/").content.decode()
    assert browser.delete(f"/api/tokens/{made.json()['id']}/").status_code == 204
    assert Client().get("/api/accounts/", **key).status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/api/accounts/{account}/failures/",
        "/api/accounts/{account}/certificates/",
        "/api/accounts/{account}/usage/",
        "/api/threads/{thread}/",
        "/api/messages/{message}/attachments/0/",
        "/api/labels/?account={account}",
    ],
)
def test_a_stranger_finds_nothing(path: str, account: Account) -> None:
    message = Message.objects.create(
        account=account,
        gmail_id="abc1",
        thread_id="abc2",
        labels_as_of=1,
        history_id=1,
        size=1,
        internal_date=datetime.now(UTC),
    )
    stranger = Client()
    stranger.force_login(User.objects.create_user("bob"))

    answer = stranger.get(path.format(account=account.pk, thread=message.thread_id, message=message.gmail_id))

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
