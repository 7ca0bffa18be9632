"""Downloads of mail from the page."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.test import AsyncClient, Client

from mailsync.export import ledger
from mailsync.export.download import in_a_thread
from mailsync.models import Account, AuditEvent, Export, Message, RawMessage
from mailsync.sync.rows import raw_row
from syncjobs.clock import SyncNow
from tests.mailsync.export.test_mbox import read


@pytest.fixture
def held(mail: Callable[..., Message]) -> Callable[..., bytes]:
    """held(account, gmail_id, **fields) makes a message whose bytes are held; gives them."""

    def make(account: Account, gmail_id: str, **fields: Any) -> bytes:
        raw = f"Subject: {gmail_id}\r\n\r\nFrom me\r\n".encode()
        data, size, digest = raw_row(raw)
        RawMessage.objects.create(message=mail(account, gmail_id, **fields), data=data, size=size, sha256=digest)
        return raw

    return make


def downloaded(user: User, **form: str) -> tuple[dict[str, str], bytes]:
    """Headers and content, as the ASGI server would send them."""

    async def whole() -> tuple[dict[str, str], bytes]:
        client = AsyncClient()
        await client.aforce_login(user)
        answer = await client.post("/exports/new/", form)
        assert answer.status_code == 200
        content = b"".join([piece async for piece in answer])  # type: ignore[attr-defined]
        return dict(answer.headers), content

    return async_to_sync(whole)()


def test_a_search_is_downloaded_as_one_file(anna: User, mailbox: Account, held: Callable[..., bytes]) -> None:
    held(mailbox, "a1", sender_email="dora@example.com", labels=["INBOX", "STARRED"])
    wanted = held(mailbox, "a2", sender_email="dora@example.com")
    held(mailbox, "a3", sender_email="dora@example.com", labels=["SPAM"])
    held(mailbox, "a4")
    headers, content = downloaded(anna, form="mbox", q="from:dora -is:starred")
    assert read(content) == [wanted]
    assert re.search(r'attachment; filename="anna_example\.com \d{4}-\d\d-\d\d\.mbox"', headers["Content-Disposition"])
    assert (headers["Content-Type"], headers["Cache-Control"]) == ("application/mbox", "no-store")
    row = Export.objects.get()
    assert (row.owner, row.account, row.whole, row.messages) == (anna, mailbox, True, 1)
    event = AuditEvent.objects.get(action="exported")
    assert (event.actor, event.mailbox, event.details["q"]) == ("anna", mailbox.pk, "from:dora -is:starred")


def test_a_zip_of_two_mailboxes_has_a_folder_for_each(
    anna: User, mailbox: Account, connected: Callable[..., Account], held: Callable[..., bytes]
) -> None:
    held(mailbox, "a1"), held(connected(anna, "second@example.com"), "b1")
    _headers, content = downloaded(anna, form="zip", label="INBOX")
    with zipfile.ZipFile(io.BytesIO(content)) as files:
        folders = {name.split("/")[0] for name in files.namelist()}
    assert folders == {"anna@example.com", "second@example.com", "labels.jsonl"}


def test_what_is_missing_is_told_afterwards(
    anna: User, browser: Client, mailbox: Account, held: Callable[..., bytes], mail: Callable[..., Message]
) -> None:
    Account.objects.update(state=Account.State.RECONNECT)
    held(mailbox, "a1"), mail(mailbox, "a2")
    downloaded(anna, form="mbox", account=str(mailbox.pk), q="in:anywhere")
    html = browser.get("/exports/").content.decode()
    assert "Incomplete" in html and "1 message is missing" in html and "Everything" in html
    assert f'href="/mail/a2/?account={mailbox.pk}"' in html and "connect this mailbox again" in html


def test_a_stranger_gets_nothing(
    anna: User, browser: Client, mailbox: Account, strangers: Account, held: Callable[..., bytes]
) -> None:
    held(strangers, "b1")
    assert browser.post("/exports/new/", {"form": "mbox", "account": strangers.pk}).status_code == 404
    assert downloaded(anna, form="mbox")[1] == b""
    Export.objects.create(owner=strangers.owner, form="mbox", q="a secret search")
    assert "secret" not in browser.get("/exports/").content.decode()


def test_nonsense_begins_nothing(browser: Client, mailbox: Account) -> None:
    for form in ({}, {"form": "exe"}, {"form": "zip", "q": "x" * 2_001}):
        answer = browser.post("/exports/new/", form, follow=True)
        assert "Choose from the lists." in answer.content.decode()
    assert browser.get("/exports/new/").status_code == 405
    assert not Export.objects.exists()


def test_a_second_one_waits_until_the_first_has_ended(anna: User, browser: Client, mailbox: Account) -> None:
    first = ledger.begin(anna, [mailbox], "mbox", "", "")
    answer = browser.post("/exports/new/", {"form": "mbox"}, follow=True)
    assert "Another download is under way." in answer.content.decode() and "Under way" in answer.content.decode()
    Export.objects.filter(pk=first.pk).update(seen_at=SyncNow() - ledger.SILENCE - timedelta(seconds=1))
    assert "Broken off" in browser.get("/exports/").content.decode()
    assert ledger.begin(anna, [mailbox], "mbox", "", "").pk != first.pk


def test_the_last_twenty_are_kept(anna: User, mailbox: Account) -> None:
    for _ in range(25):
        export = ledger.begin(anna, [mailbox], "mbox", "", "")
        Export.objects.filter(pk=export.pk).update(finished_at=SyncNow())
    assert Export.objects.filter(owner=anna).count() == 20
    assert Export.objects.filter(pk=export.pk).exists()


def test_a_browser_that_leaves_ends_the_making(anna: User, mailbox: Account) -> None:
    export, tally = ledger.begin(anna, [mailbox], "mbox", "", ""), ledger.Tally()
    made: list[int] = []

    def endless() -> Any:
        while True:
            made.append(1)
            yield b"x"

    async def glance() -> None:
        pieces = in_a_thread(ledger.recorded(export, tally, endless()))
        assert await anext(pieces) == b"x"
        await pieces.aclose()  # type: ignore[attr-defined]

    async_to_sync(glance)()
    export.refresh_from_db()
    assert len(made) == 1 and export.finished_at is not None and export.whole is False


def test_the_pages_offer_it_for_what_they_show(browser: Client, mailbox: Account, mail: Callable[..., Message]) -> None:
    mail(mailbox, "a1", labels=["STARRED"])
    html = browser.get("/mail/?label=STARRED&q=subject:a1").content.decode()
    assert 'name="label" value="STARRED"' in html and 'name="q" value="subject:a1"' in html
    html = browser.get(f"/accounts/{mailbox.pk}/").content.decode()
    assert f'name="account" value="{mailbox.pk}"' in html and 'name="q" value="in:anywhere"' in html
