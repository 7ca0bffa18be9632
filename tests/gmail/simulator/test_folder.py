"""A mailbox from .eml files."""

from dataclasses import replace
from pathlib import Path

import pytest

from gmail.simulator.service import Service
from gmail.simulator.settings import Settings
from tests.gmail.simulator.schemas import check
from tests.gmail.simulator.visitor import NOW, ask

HOSTILE = {
    "1-plain.eml": b"Message-ID: <1@x>\r\nDate: Mon, 01 Jan 2024 10:00:00 +0000\r\nSubject: One\r\n\r\nHello there\r\n",
    "2-answer.eml": b"Message-ID: <2@x>\nIn-Reply-To: <1@x>\nDate: Tue, 02 Jan 2024 10:00:00 +0000\n"
    b"Subject: Re: One\n\nHi\n",
    "3-future.eml": b"Date: Mon, 01 Jan 3609 10:00:00 +0000\r\nSubject: =?DEFAULT?B?x?=\r\n\r\n\x00\xff\r\n",
    "4-nothing.eml": b"",
    "5-bad-charset.eml": b'Content-Type: text/plain; charset="%CHARSET"\r\nSubject: \xff\xfe\r\n\r\n\xe4\xf6\r\n',
    "6-semicolons.eml": b"Content-Type: text/html ;" + b" ;" * 12_000 + b"\r\n\r\n<p>x</p>",
    "7-parts.eml": b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nno type\r\n--b\r\n'
    b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninside\r\n--b--\r\n",
    "sub/8-rfc2231.eml": b"Content-Type: application/pdf\r\nContent-Disposition: attachment; "
    b"filename*=utf-9''%E4%F6\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!notbase64\r\n",
}


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Service:
    for name, content in HOSTILE.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "not-mail.txt").write_text("x")
    return Service(replace(settings, corpus=tmp_path), clock=lambda: NOW)


def test_the_files_are_the_messages_byte_for_byte(folder: Service) -> None:
    box = folder.world.mailbox("a@example.com")

    assert sorted(message.origin.raw(message) for message in box.newest_first()) == sorted(HOSTILE.values())
    assert all(message.size == len(message.origin.raw(message)) for message in box.newest_first())
    assert all(message.date <= NOW * 1000 for message in box.newest_first())


def test_an_answer_joins_the_thread_of_what_it_answers(folder: Service) -> None:
    box = folder.world.mailbox("a@example.com")

    assert sorted(len(members) for members in box.threads.values()) == [1] * 6 + [2]


@pytest.mark.parametrize("format", ["minimal", "metadata", "full", "raw"])
def test_hostile_mail_is_shown_in_every_format(folder: Service, format: str) -> None:
    for message in folder.world.mailbox("a@example.com").newest_first():
        status, shown = ask(folder, f"messages/{message.id}?format={format}")
        assert status == 200
        check("Message", shown)


def test_text_of_any_charset_is_shown_in_utf_8(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(b"Content-Type: text/plain; charset=koi8-r\r\n\r\n" + "Привет".encode("koi8-r"))
    service = Service(replace(settings, corpus=tmp_path), clock=lambda: NOW)
    (id,) = [message.id for message in service.world.mailbox("a@example.com").newest_first()]

    shown = ask(service, f"messages/{id}")[1]

    assert shown["snippet"] == "Привет"
    assert shown["payload"]["body"]["size"] == len("Привет".encode())
