"""A message that its reader knows already is neither parsed nor sent again."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import zstandard
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mailsync.api import messages as view
from mailsync.models import Account, Message, RawMessage
from syncjobs.clock import SyncNow

RAW = b"Subject: Hello\r\nContent-Type: text/plain\r\n\r\nGood morning\r\n"


@pytest.fixture
def mail(anna: User) -> Message:
    account = Account.objects.create(owner=anna, email="anna@example.com", credentials="{}")
    message = Message.objects.create(
        account=account,
        gmail_id="18f1",
        thread_id="18f1",
        labels=["INBOX"],
        labels_as_of=1,
        history_id=1,
        size=len(RAW),
        internal_date=datetime(2026, 1, 1, tzinfo=UTC),
    )
    data, digest = zstandard.compress(RAW), hashlib.sha256(RAW).digest()
    RawMessage.objects.create(message=message, data=data, size=len(RAW), sha256=digest)
    return message


def get(client: Client, mail: Message, known: str = "", language: str = "en") -> Any:
    headers = {"accept-language": language} | ({"if-none-match": known} if known else {})
    return client.get(f"/api/messages/{mail.gmail_id}/", headers=headers)


def test_what_is_known_is_a_304_for_which_no_bytes_are_read(browser: Client, mail: Message) -> None:
    first = get(browser, mail)
    assert first.status_code == 200 and "Good morning" in first.json()["text"]
    assert first["Cache-Control"] == "private, no-cache"
    with CaptureQueriesContext(connection) as queries:
        again = get(browser, mail, first["ETag"])
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert {"Authorization", "Cookie", "Accept-Language"} <= {each.strip() for each in again["Vary"].split(",")}
    assert not [each for each in queries if '"data"' in each["sql"]]
    assert browser.head(f"/api/messages/{mail.gmail_id}/", headers={"if-none-match": "*"}).status_code == 304


def changed(**columns: Any) -> Callable[[Message], object]:
    return lambda mail: Message.objects.filter(pk=mail.pk).update(**columns)


CHANGES = {
    "labels": changed(labels=["INBOX", "STARRED"]),
    "deletion": changed(deleted_at=SyncNow()),
    "history id": changed(history_id=987_654_321),
    "fields of a better parser": changed(subject="Better read"),
    "bytes gone": lambda mail: RawMessage.objects.filter(message=mail).delete(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_visible_change_is_another_tag(browser: Client, mail: Message, change: str) -> None:
    first = get(browser, mail)
    CHANGES[change](mail)
    second = get(browser, mail, first["ETag"])
    assert second.status_code == 200 and second["ETag"] != first["ETag"]
    assert get(browser, mail, second["ETag"]).status_code == 304


def test_another_language_or_another_reader_of_mail_is_another_tag(
    browser: Client, mail: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = get(browser, mail)
    assert get(browser, mail, first["ETag"], language="zh-hans").status_code == 200
    monkeypatch.setattr(view, "READER", [*view.READER, "patched"])
    assert get(browser, mail, first["ETag"]).status_code == 200
