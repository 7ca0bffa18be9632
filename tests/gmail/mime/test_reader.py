"""Whole messages, as they come."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gmail.mime import Address, Attachment, ParsedMail, attachment_bytes, parse

MIXED = b"""From: Ada <ada@example.com>
To: Bob <bob@example.com>, "Carol, C." <carol@example.com>
Cc: dan@example.com (Dan)
Subject: Plans
Date: Fri, 21 Nov 1997 09:55:06 -0600
Message-ID: <1@example.com>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="outer"

This is for old readers.
--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=utf-8

Gr\xc3\xbc\xc3\x9fe
--inner
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<p>Gr=C3=BC=C3=9Fe</p>
--inner--
--outer
Content-Type: application/pdf; name="plan.pdf"
Content-Transfer-Encoding: base64

AAEC
AwQ=
--outer
Content-Type: message/rfc822

Subject: inside

nested
--outer--
the end
"""


def strings(mail: ParsedMail) -> list[str]:
    people = [mail.from_, *mail.to, *mail.cc]
    found = [mail.subject, mail.message_id, mail.text, mail.html, *mail.defects]
    found += [text for person in people for text in (person.name, person.email)]
    found += [text for field in mail.headers for text in field]
    return found + [text for part in mail.attachments for text in (part.part_id, part.filename, part.mime_type)]


def is_clean(text: str) -> bool:
    return re.search("[\0\ud800-\udfff]", text) is None


def test_a_mail_with_all_its_parts() -> None:
    mail = parse(MIXED)
    assert mail.from_ == Address("Ada", "ada@example.com")
    assert mail.to == (Address("Bob", "bob@example.com"), Address("Carol, C.", "carol@example.com"))
    assert mail.cc == (Address("Dan", "dan@example.com"),)
    assert (mail.subject, mail.message_id) == ("Plans", "1@example.com")
    assert mail.date == datetime(1997, 11, 21, 15, 55, 6, tzinfo=UTC)
    assert (mail.text, mail.html) == ("Grüße", "<p>Grüße</p>")
    assert mail.attachments == (
        Attachment("1", "plan.pdf", "application/pdf", 5),
        Attachment("2", "", "message/rfc822", 23),
    )
    assert mail.headers[0] == ("From", "Ada <ada@example.com>")
    assert mail.defects == ()


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r", b"\r\r\n"])
def test_all_line_ends_mean_the_same(end: bytes) -> None:
    mail = parse(MIXED.replace(b"\n", end))
    assert mail.text.strip() == "Grüße"
    assert [part.part_id for part in mail.attachments] == ["1", "2"]
    assert mail.to[1].name == "Carol, C."


def test_an_attachment_is_found_by_its_part_id() -> None:
    assert attachment_bytes(MIXED, "1") == b"\0\1\2\3\4"
    assert attachment_bytes(MIXED, "2") == b"Subject: inside\n\nnested"
    assert attachment_bytes(MIXED, "0.0") == "Grüße".encode()
    for absent in ("3", "0.2", "", "x", "1.0", "root.0"):
        assert attachment_bytes(MIXED, absent) is None


def test_a_message_that_is_one_file_has_it_at_its_root() -> None:
    raw = b"Content-Type: image/png; name=x.png\nContent-Transfer-Encoding: base64\n\niVBO"
    mail = parse(raw)
    assert mail.attachments == (Attachment("root", "x.png", "image/png", 3),)
    assert mail.text == ""
    assert attachment_bytes(raw, "root") == b"\x89PN"


def test_a_part_without_content_type_is_text() -> None:
    mail = parse(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n--b--\n")
    assert mail.text == "one\ntwo"
    assert mail.attachments == ()


def test_a_digest_is_made_of_messages() -> None:
    mail = parse(b"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\n\nhi\n--b--\n")
    assert mail.attachments == (Attachment("0", "", "message/rfc822", 14),)


def test_a_multipart_that_was_cut_shows_what_came() -> None:
    mail = parse(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhello")
    assert mail.text == "hello"
    assert mail.defects == ("multipart_unclosed",)


def test_a_multipart_without_its_boundary_is_read_as_text() -> None:
    mail = parse(b"Content-Type: multipart/mixed\n\n--b\n\nhello\n--b--")
    assert "hello" in mail.text
    assert "multipart_without_boundary" in mail.defects


def test_html_alone_is_read_as_text_as_well() -> None:
    mail = parse(b"Content-Type: text/html\n\n<style>p{}</style><p>Hello&nbsp;<b>you</b></p><p>two &lt; three</p>")
    assert mail.text == "Hello you\n\ntwo < three"
    assert mail.html.startswith("<style>")


def test_a_plain_footer_does_not_hide_html_text() -> None:
    mail = parse(
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>body</p>\n"
        b"--b\n\nfoot<er\n--b--\n"
    )
    assert mail.text == "body\nfoot<er"
    assert mail.html == "<p>body</p>\n<pre>foot&lt;er</pre>"


@pytest.mark.parametrize(
    ("mime_type", "name"),
    [
        ("application/ms-tnef", "winmail.dat"),
        ("application/pkcs7-mime", "smime.p7m"),
        ("application/pgp-encrypted", ""),
        ("text/calendar", ""),
        ("message/delivery-status", ""),
        ("text/plain", "notes.txt"),
    ],
)
def test_what_is_no_body_is_attached(mime_type: str, name: str) -> None:
    part = f"Content-Type: {mime_type}" + (f'; name="{name}"' if name else "")
    mail = parse(f"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhi\n--b\n{part}\n\nx\n--b--\n".encode())
    assert mail.text == "hi"
    assert mail.attachments == (Attachment("1", name, mime_type, 1),)


def test_text_marked_as_attachment_is_attached() -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Disposition: attachment\n\nx\n--b--\n"
    assert parse(raw).attachments == (Attachment("0", "", "text/plain", 1),)


def test_an_empty_message_is_a_message() -> None:
    mail = parse(b"")
    assert (mail.subject, mail.text, mail.date, mail.from_) == ("", "", None, Address("", ""))
    assert mail.defects == ()


def test_nul_and_surrogates_are_replaced_everywhere() -> None:
    raw = (
        b"Subject: a\0b =?utf-16-be?B?2AA=?=\nFrom: =?utf-7?Q?+2AA-?= <a\0@b>\nX: =?utf-8?Q?=00?=\n"
        b"Content-Type: text/html; charset=utf-7\n\na\0&#0;&#xD800;+2AA-"
    )
    mail = parse(raw)
    assert mail.subject.startswith("a\ufffdb")
    assert mail.defects != ("unreadable",)
    assert all(map(is_clean, strings(mail)))


HEADER_NAMES = [b"Subject", b"From", b"To", b"Date", b"Message-ID", b"Content-Type", b"Content-Disposition"]
HEADER_NAMES += [b"Content-Transfer-Encoding", b"X"]
SNIPPETS = [b"multipart/mixed; boundary=b", b"text/html; charset=", b"utf-7", b"utf-16", b"hz", b"gb18030", b"idna"]
SNIPPETS += [b"unicode_escape", b"base64", b"quoted-printable", b"x-uuencode", b"begin 644 x\n", b"--b\n", b"--b--\n"]
SNIPPETS += [b"=?utf-8?B?", b"=?utf-7?Q?", b"?=", b"=00", b"\0", b"\xed\xa0\x80", b'"', b"<", b">", b"(", b";", b"'"]
SNIPPETS += [b"filename*0*=", b"name*=utf-8''%00", b"&#0;", b"\r", b"\n", b" ", b"\x1b$B", b"\xff", b"9999", b"+2AA-"]


@st.composite
def mails(draw: st.DrawFn) -> bytes:
    """Bytes that look enough like mail to reach every corner."""
    piece = st.one_of(st.sampled_from(SNIPPETS), st.binary(max_size=12))
    text = st.lists(piece, max_size=12).map(b"".join)
    head = b"".join(
        draw(st.sampled_from(HEADER_NAMES)) + b": " + draw(text) + b"\n" for _ in range(draw(st.integers(0, 6)))
    )
    return head + b"\n" + draw(text)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.binary(max_size=300), mails()))
@example(b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * 30)
def test_any_bytes_become_a_mail_of_clean_strings(raw: bytes) -> None:
    mail = parse(raw)
    assert "unreadable" not in mail.defects
    assert all(map(is_clean, strings(mail)))
    assert mail.date is None or mail.date.tzinfo is UTC
    for part in mail.attachments:
        content = attachment_bytes(raw, part.part_id)
        assert content is not None and len(content) == part.size


BOMB = 400_000


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: text/html" + b" ;" * BOMB + b"\n\nx",
        b"From: " + b'\\"' * BOMB + b"\n\nx",
        b"From: " + b"(" * BOMB + b"<a@b>\n\nx",
        b"From: " + b"a@b, " * BOMB + b"\n\nx",
        b"Subject: " + b"=?utf-8?q?=41?= " * BOMB + b"\n\nx",
        b"A: b\n" * BOMB + b"\nx",
        b"A: b\n" + b" x\n" * BOMB,
        b"Content-Type: text/plain" + b"; a*1=b" * BOMB + b"\n\nx",
        b"Content-Type: text/html\n\n<script>" + b"</script" * BOMB,
        b"Content-Type: text/html\n\n" + b"<p " * BOMB,
        b"Content-Type: text/html\n\n" + b"<!--" * BOMB,
        b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\n" * BOMB,
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(999))
        + b"x\n" * BOMB,
        b"Content-Type: text/plain; charset=idna\n\n" + b"a." * BOMB,
        b"Content-Type: text/plain; charset=punycode\n\n" + b"a-" * BOMB,
        b"\n" + b"\xe4\xff" * BOMB,
    ],
    ids=lambda raw: raw[:24].decode("latin-1").replace("\n", "/"),
)
@pytest.mark.timeout(20)
def test_a_hostile_mail_is_over_soon(raw: bytes) -> None:
    assert "unreadable" not in parse(raw).defects
