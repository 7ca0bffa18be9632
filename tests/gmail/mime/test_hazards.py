"""What real mail is known to hold, kind by kind."""

from datetime import UTC, datetime

import pytest

from gmail.mime import Address, Attachment, attachment_bytes, from_payload, parse
from gmail.simulator import payload as simulated
from tests.gmail.mime.hazards import CHARSETS, HAZARDS, encoded, in_charset
from tests.gmail.mime.test_reader import is_clean, strings


@pytest.mark.parametrize("charset", CHARSETS)
def test_each_charset_of_the_worlds_mail_is_read_everywhere(charset: str) -> None:
    mail, text = parse(in_charset(charset)), CHARSETS[charset]
    assert (mail.subject, mail.from_, mail.text) == (text, Address(text, "a@b"), text)
    assert mail.attachments == (Attachment("1", text, "application/pdf", 1),)
    assert mail.defects == ()


@pytest.mark.parametrize("charset", CHARSETS)
def test_each_charset_is_read_from_gmails_tree_as_well(charset: str) -> None:
    data = CHARSETS[charset].encode()
    given = simulated.encode(data)
    head = [{"name": "Content-Type", "value": f"text/plain; charset={charset}"}]
    mail = from_payload({"mimeType": "text/plain", "headers": head, "body": {"data": given, "size": len(data)}})
    assert (mail.text, mail.defects) == (CHARSETS[charset], ())


@pytest.mark.parametrize("transfer", ["8bit", "quoted-printable"])
@pytest.mark.parametrize("charset", ["gb18030", "big5", "shift_jis", "euc-kr", "koi8-r", "iso-2022-jp", "utf-7"])
def test_a_charset_does_not_care_how_it_travels(charset: str, transfer: str) -> None:
    data = encoded(charset)
    body = data if transfer == "8bit" else "".join(f"={byte:02X}" for byte in data).encode()
    head = f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {transfer}\n\n"
    mail = parse(head.encode() + body)
    assert (mail.text, mail.defects) == (CHARSETS[charset], ())


@pytest.mark.parametrize(
    "charset", ["utf-8", "gb2312", "big5", "koi8-r", "windows-1251", "windows-1252", "iso-2022-jp"]
)
def test_bytes_that_nobody_declared_in_a_header_are_guessed_and_marked(charset: str) -> None:
    mail = parse(b"Subject: " + encoded(charset) + b"\nFrom: " + encoded(charset) + b" <a@b>\n\nx")
    assert (mail.subject, mail.from_) == (CHARSETS[charset], Address(CHARSETS[charset], "a@b"))
    assert [defect.partition(":")[0] for defect in mail.defects] == ["header_charset_guessed"]


def test_utf7_in_a_header_is_read() -> None:
    assert parse(b"Subject: =?utf-7?Q?Gr+APwA3w-e?=\n\nx").subject == "Grüße"
    assert parse(b"Subject: =?unicode-1-1-utf-7?B?R3IrQVB3QTN3LWU=?=\n\nx").subject == "Grüße"


def test_a_lone_surrogate_from_utf7_is_replaced() -> None:
    mail = parse(b"Subject: =?utf-7?Q?a+2AA-b?=\nContent-Type: text/plain; charset=utf-7\n\na+2AA-b")
    assert all(map(is_clean, strings(mail)))
    assert mail.subject.startswith("a") and mail.subject.endswith("b")


@pytest.mark.parametrize(
    ("kind", "part_id", "name", "mime_type", "content"),
    [
        ("S/MIME, encrypted", "root", "smime.p7m", "application/pkcs7-mime", b"\0\1\2\3\4\5"),
        ("S/MIME, signed", "1", "smime.p7s", "application/pkcs7-signature", b"\0\1\2"),
        ("PGP, encrypted", "1", "encrypted.asc", "application/octet-stream", None),
        ("winmail.dat", "1", "winmail.dat", "application/ms-tnef", b"\x78\x9f\x3e\x22\0\0"),
        ("a calendar", "1", "", "text/calendar", b"BEGIN:VCALENDAR\nEND:VCALENDAR"),
        ("a delivery report", "1", "", "message/delivery-status", b"Reporting-MTA: dns; mx\n\nStatus: 5.1.1"),
        ("a part of a partial message", "root", "", "message/partial", b"Subject: x\n\nhalf\n"),
        ("a digest in a digest", "0", "", "message/rfc822", b"Subject: x\n\nhi"),
        ("a digest in a digest", "1.0", "", "message/rfc822", b"Subject: y\n\nho"),
    ],
)
def test_what_only_other_programs_can_open_is_attached_whole(
    kind: str, part_id: str, name: str, mime_type: str, content: bytes | None
) -> None:
    raw = HAZARDS[kind]
    [found] = [part for part in parse(raw).attachments if part.part_id == part_id]
    assert (found.filename, found.mime_type) == (name, mime_type)
    assert content is None or attachment_bytes(raw, part_id) == content


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("S/MIME, signed", "hi"),
        ("PGP, encrypted", ""),
        ("winmail.dat", "hi"),
        ("a calendar", "hi"),
        ("a delivery report", "It failed.\nSubject: lost"),
        ("a message in a message in a message", "outer"),
        ("html that is attached", "hi"),
        ("right to left", "مرحبا \u202eabc\u202c\n"),
        ("uuencode inside of text", "see\nbegin 644 a.txt\n#0V%T\n`\nend\n"),
    ],
)
def test_what_a_person_can_read_is_text(kind: str, text: str) -> None:
    assert parse(HAZARDS[kind]).text == text


def test_inline_pgp_stays_as_it_is() -> None:
    assert parse(HAZARDS["PGP, inline"]).text.startswith("-----BEGIN PGP MESSAGE-----\n")


def test_an_id_and_a_line_may_be_endless() -> None:
    assert len(parse(HAZARDS["a message id without end"]).message_id) == 2350
    assert len(parse(HAZARDS["a line without end"]).text) == 178_000


@pytest.mark.parametrize("year", [102, 1600, 3609])
def test_a_year_that_cannot_be_is_a_date_or_none(year: int) -> None:
    date = parse(f"Date: Fri, 21 Nov {year} 09:55:06 +0000\n\nx".encode()).date
    assert date is None or date.tzinfo is UTC
    assert year < 1000 or date == datetime(year, 11, 21, 9, 55, 6, tzinfo=UTC)


def test_nul_in_header_text_and_name_is_replaced() -> None:
    raw = b'Subject: a\0b\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nc\0d\n--b\nContent-Type: a/b; name="e\0f"\n\n'
    mail = parse(raw + b"\0\n--b--\n")
    assert (mail.subject, mail.text, mail.attachments[0].filename) == ("a\ufffdb", "c\ufffdd", "e\ufffdf")
    assert attachment_bytes(raw + b"\0\n--b--\n", "1") == b"\0"


def test_real_depths_and_numbers_of_parts_are_read_whole() -> None:
    """Real mail goes down to 102 levels and up to 102 parts."""
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(102))
    assert parse(deep + b"\nbottom").text == "bottom"
    wide = (
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"".join(b"--b\n\n%d\n" % i for i in range(102)) + b"--b--\n"
    )
    assert parse(wide).text.split() == [str(i) for i in range(102)]
    assert parse(wide).defects == ()


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: text/html" + b" ;" * 12_000 + b"\n\n<p>hello",
        b"To: " + b"(a)" * 45_000 + b" <x@y>\nContent-Type: text/html\n\n<p>hello",
    ],
    ids=["24 KB of semicolons", "135 KB of addresses"],
)
def test_the_two_real_mails_that_stop_other_programs_are_read(raw: bytes) -> None:
    mail = parse(raw)
    assert (mail.html, mail.text) == ("<p>hello", "hello")
    assert mail.to == ((Address("", "x@y"),) if raw.startswith(b"To") else ())
