"""Bytes on demand: fetched for whoever asks, kept for the next one."""

import hashlib
import threading
from datetime import timedelta

import pytest
from django.test import Client

from mailsync import raws
from mailsync.api import messages as api
from mailsync.models import Account, Body, Message, RawMessage, Usage
from syncjobs.clock import in_
from tests.committed import at_once
from tests.mailsync.mirror import sync, truth
from tests.mailsync.simulated import Gmail


@pytest.fixture
def readable(account: Account) -> Account:
    """A mailbox of which no raw byte is held."""
    account.policy = Account.Policy.READABLE
    account.save(update_fields=["policy"])
    sync(account)
    return account


def newest(readable: Account) -> Message:
    return Message.objects.filter(account=readable).latest("internal_date")


def test_the_exact_bytes_are_fetched_once_and_kept(readable: Account, gmail: Gmail, browser: Client) -> None:
    mail = newest(readable)
    before, spent = gmail.gets().get(mail.gmail_id, 0), Usage.objects.get(account=readable).units
    for _ in range(3):
        answer = browser.get(f"/api/messages/{mail.gmail_id}/raw/")
        assert (answer.status_code, answer["Content-Type"]) == (200, "message/rfc822")
        assert hashlib.sha256(answer.content).hexdigest() == truth(gmail)[mail.gmail_id][3]
    assert gmail.gets()[mail.gmail_id] == before + 1
    assert Usage.objects.get(account=readable).units == spent + 20
    assert mail.fidelity == "raw" and not Body.objects.filter(message=mail).exists()
    assert browser.get(f"/api/messages/{mail.gmail_id}/").json()["fidelity"] == "raw"


def test_an_attachment_comes_the_same_way(readable: Account, browser: Client) -> None:
    mail = Message.objects.filter(account=readable, has_attachments=True).latest("internal_date")
    file = mail.attachments[0]
    answer = browser.get(f"/api/messages/{mail.gmail_id}/attachments/{file['part_id']}/")
    assert (answer.status_code, len(answer.content)) == (200, file["size"])
    assert browser.get(f"/api/messages/{mail.gmail_id}/attachments/99.9/").status_code == 404


def test_what_is_being_erased_gives_no_bytes_any_more(readable: Account) -> None:
    mail = newest(readable)
    Account.objects.filter(pk=readable.pk).update(erasing_since=in_(timedelta()))
    with pytest.raises(raws.Unavailable):
        raws.raw(mail)


def test_many_who_ask_at_once_keep_one_copy(readable: Account, gmail: Gmail) -> None:
    mail = newest(readable)
    found = at_once([lambda: raws.raw(mail)] * 4)
    assert {hashlib.sha256(each).hexdigest() for each in found} == {truth(gmail)[mail.gmail_id][3]}
    assert RawMessage.objects.filter(message=mail).count() == 1


def test_damaged_bytes_are_fetched_once_and_mended(readable: Account, gmail: Gmail) -> None:
    mail = newest(readable)
    exact = raws.raw(mail)
    RawMessage.objects.filter(message=mail).update(data=b"rust")
    before = gmail.gets()[mail.gmail_id]
    assert [raws.raw(mail) for _ in range(3)] == [exact] * 3
    assert gmail.gets()[mail.gmail_id] == before + 1


def test_while_gmail_is_away_it_says_so_and_when_to_come_back(readable: Account, gmail: Gmail, browser: Client) -> None:
    gmail.faults({"fault": "429"})
    answer = browser.get(f"/api/messages/{newest(readable).gmail_id}/raw/")
    assert (answer.status_code, answer.json()["code"]) == (503, "gmail_unavailable")
    assert int(answer["Retry-After"]) > 0


def test_what_gmail_has_no_more_is_a_404(readable: Account, gmail: Gmail, browser: Client) -> None:
    mail = newest(readable)
    gmail.delete([mail.gmail_id])
    assert browser.get(f"/api/messages/{mail.gmail_id}/raw/").status_code == 404
    sync(readable)
    gets = gmail.gets().get(mail.gmail_id)
    assert browser.get(f"/api/messages/{mail.gmail_id}/raw/").status_code == 404
    assert gmail.gets().get(mail.gmail_id) == gets, "it is known to be deleted: nobody is asked"


@pytest.mark.parametrize("state", [Account.State.RECONNECT, Account.State.DISCONNECTED])
def test_without_a_grant_it_is_a_409(readable: Account, browser: Client, state: str) -> None:
    Account.objects.filter(pk=readable.pk).update(state=state)
    answer = browser.get(f"/api/messages/{newest(readable).gmail_id}/raw/")
    assert (answer.status_code, answer.json()["code"]) == (409, "reconnect_needed")


def test_a_few_are_fetched_at_once_the_next_is_told_to_come_back(
    readable: Account, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "_fetches", threading.BoundedSemaphore(1))
    with api._fetches:
        answer = browser.get(f"/api/messages/{newest(readable).gmail_id}/raw/")
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "busy", "5")
    assert browser.get(f"/api/messages/{newest(readable).gmail_id}/raw/").status_code == 200


def test_headers_text_and_html_are_shown_without_the_bytes(readable: Account, browser: Client) -> None:
    shown = browser.get(f"/api/messages/{newest(readable).gmail_id}/").json()
    assert shown["fidelity"] == "full"
    assert dict(shown["headers"])["Subject"] and (shown["text"] or shown["html"])
