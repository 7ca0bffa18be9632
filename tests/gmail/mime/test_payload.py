"""Gmail's own tree of a message, read into what its raw bytes give."""

import base64
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gmail.mime import Address, Attachment, ParsedMail, from_payload, parse
from gmail.mime.fields import LONGEST_FIELD, MOST_FIELDS
from gmail.mime.part import LONGEST_TEXT
from gmail.mime.tree import DEEPEST, MOST_PARTS
from gmail.simulator import payload as simulated
from gmail.simulator.corpus import Seeded
from tests.gmail.mime.hazards import HAZARDS
from tests.gmail.mime.test_reader import MIXED, is_clean, strings

PRESENT = 1_795_000_000_000
SEEN = ("subject", "from_", "to", "cc", "date", "message_id", "text", "html", "attachments")


def tree(raw: bytes) -> dict[str, Any]:
    """The tree that the standard library's parser, not ours, finds in `raw`."""
    return simulated.tree(raw, lambda part_id: f"attachment {part_id}")


def part(text: bytes | str = b"", mime_type: str = "text/plain", **more: Any) -> dict[str, Any]:
    data = text.encode() if isinstance(text, str) else text
    encoded = base64.urlsafe_b64encode(data).decode()
    return {"mimeType": mime_type, "body": {"size": len(data), "data": encoded}, "headers": []} | more


def header(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value}


def differences(one: ParsedMail, other: ParsedMail) -> dict[str, tuple[object, object]]:
    pairs = {name: (getattr(one, name), getattr(other, name)) for name in SEEN}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_letter_of_the_corpus_reads_the_same_from_both(seed: int) -> None:
    kinds = set()
    corpus = Seeded.of("a@example.com", seed, PRESENT, 400)
    for letter in corpus.mail():
        raw = corpus.raw(letter)
        given = tree(raw)
        assert differences(parse(raw), from_payload(given)) == {}, letter.id
        kinds.add(given["mimeType"])
    assert kinds >= {"text/plain", "text/html", "multipart/mixed", "multipart/alternative"}


def test_a_mail_with_all_its_parts_reads_the_same_from_both() -> None:
    assert differences(parse(MIXED), from_payload(tree(MIXED))) == {}
    assert from_payload(tree(MIXED)).attachments[1] == Attachment("2", "", "message/rfc822", 23)


def test_a_payload_is_a_mail() -> None:
    mail = from_payload(
        part(
            "Grüße\r\n",
            headers=[
                header("From", "Müller, Jörg <j@example.com>"),
                header("to", '"Carol, C." <c@example.com>, =?utf-8?Q?D=C3=A4n?= <d@example.com>'),
                header("Subject", "Grüße\r\n an\0 alle"),
                header("Subject", "the second does not count"),
                header("Date", "Fri, 21 Nov 1997 09:55:06 -0600"),
                header("Message-ID", "<1@example.com>"),
            ],
        )
    )
    assert mail.from_ == Address("Müller, Jörg", "j@example.com")
    assert mail.to == (Address("Carol, C.", "c@example.com"), Address("Dän", "d@example.com"))
    assert (mail.subject, mail.message_id) == ("Grüße an\ufffd alle", "1@example.com")
    assert mail.date == datetime(1997, 11, 21, 15, 55, 6, tzinfo=UTC)
    assert (mail.text, mail.html, mail.defects) == ("Grüße\n", "", ())
    assert mail.headers[0] == ("From", "Müller, Jörg <j@example.com>")


def test_attachments_have_gmails_ids_names_and_sizes() -> None:
    file = {"mimeType": "application/pdf", "filename": "a  b.pdf", "body": {"size": 9, "attachmentId": "x"}}
    named_in_its_head = {
        "mimeType": "image/png",
        "partId": "../1",
        "filename": "",
        "headers": [header("Content-Disposition", "inline; filename*=utf-8''%C3%BC.png")],
        "body": {"data": "AAEC_w"},
    }
    letter = {"mimeType": "message/rfc822", "partId": "7", "body": {"size": 5}, "parts": [part("not ours")]}
    mail = from_payload({"mimeType": "multipart/mixed", "parts": [part("hi"), file, named_in_its_head, letter]})
    assert mail.text == "hi"
    assert mail.attachments == (
        Attachment("1", "a b.pdf", "application/pdf", 9),
        Attachment("2", "ü.png", "image/png", 4),
        Attachment("7", "", "message/rfc822", 5),
    )


def test_a_message_that_is_one_file_has_it_at_its_root() -> None:
    mail = from_payload({"partId": "", "mimeType": "image/png", "filename": "x.png", "body": {"size": 3}})
    assert mail.attachments == (Attachment("root", "x.png", "image/png", 3),)
    assert mail.text == ""


@pytest.mark.parametrize(
    ("data", "charset", "text", "defects"),
    [
        ("Grüße".encode(), "iso-8859-1", "Grüße", ()),
        ("Grüße".encode("cp1252"), "iso-8859-1", "Grüße", ("payload_not_utf8",)),
        ("こんにちは".encode("iso2022_jp"), "iso-2022-jp", "こんにちは", ("payload_not_utf8",)),
        ("Grüße, alle".encode("cp1252"), "utf-8", "Grüße, alle", ("charset_wrong:cp1252", "payload_not_utf8")),
        ("Привет".encode("koi8_r"), "", "Привет", ("charset_guessed:koi8_r", "payload_not_utf8")),
        ("Gr\ufffd\ufffde".encode(), "utf-8", "Gr\ufffd\ufffde", ("text_replaced",)),
        (b"a\0b", "utf-8", "a\ufffdb", ("text_replaced",)),
    ],
)
def test_text_is_utf8_and_what_is_not_is_read_and_marked(
    data: bytes, charset: str, text: str, defects: tuple[str, ...]
) -> None:
    mail = from_payload(part(data, headers=[header("Content-Type", f"text/plain; charset={charset}")]))
    assert (mail.text, mail.defects) == (text, defects)


def test_text_that_gmail_keeps_apart_is_missing_and_marked() -> None:
    mail = from_payload({"mimeType": "text/plain", "body": {"size": 30_000_000, "attachmentId": "x"}})
    assert (mail.text, mail.attachments, mail.defects) == ("", (), ("text_not_inline",))


@pytest.mark.parametrize("size", [LONGEST_TEXT - 1, LONGEST_TEXT, LONGEST_TEXT + 1])
def test_endless_text_is_cut_between_characters_and_marked(size: int) -> None:
    mail = from_payload(part("ü" * (size // 2) + "x" * (size % 2)))
    assert mail.defects == (("text_truncated",) if size > LONGEST_TEXT else ())
    odd = from_payload(part("x" + "ü" * (LONGEST_TEXT // 2)))
    assert odd.defects == ("charset_wrong:utf-8", "text_replaced", "text_truncated")
    assert odd.text == "x" + "ü" * (LONGEST_TEXT // 2 - 1) + "\ufffd"


# What Gmail has decided already can no longer be read better; raw bytes can. (raw message, what differs)
LOSSY = {
    "8-bit text of no declared charset: Gmail replaces, we guess": (
        "Content-Type: text/plain\n\nПривет, как дела у вас сегодня".encode("koi8_r"),
        {"text"},
    ),
    "a charset that is a subset of what was meant": (
        b"Content-Type: text/plain; charset=iso-8859-1\n\n" + "“quoted” €".encode("cp1252"),
        {"text"},
    ),
    "8-bit header of no declared charset": (b"Subject: " + "Привет, мир".encode("koi8_r") + b"\n\nx", {"subject"}),
    "a multipart whose boundary is lost: Gmail gives no text of it": (
        b"Content-Type: multipart/mixed\n\nhello",
        {"text"},
    ),
    "nameless text that is attached: its size is that of its UTF-8": (
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=iso-8859-1\n"
        b"Content-Disposition: attachment\n\nGr\xfc\xdfe\n--b--\n",
        {"attachments"},
    ),
}


@pytest.mark.parametrize(("raw", "lost"), LOSSY.values(), ids=LOSSY.keys())
def test_where_both_cannot_agree_nothing_else_differs(raw: bytes, lost: set[str]) -> None:
    assert differences(parse(raw), from_payload(tree(raw))).keys() == lost


@pytest.mark.parametrize("raw", HAZARDS.values(), ids=HAZARDS.keys())
def test_letters_that_the_corpus_lacks_read_the_same_from_both(raw: bytes) -> None:
    assert differences(parse(raw), from_payload(tree(raw))) == {}


def nested(depth: int, inner: Any) -> Any:
    for _ in range(depth):
        inner = {"mimeType": "multipart/mixed", "parts": [inner]}
    return inner


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("payload", "defect"),
    [
        (nested(50_000, part("x")), "too_deep"),
        ({"mimeType": "multipart/mixed", "parts": [part("x")] * 100_000}, "too_many_parts"),
        (part("x", headers=[header("X", "y")] * 100_000), "head_truncated"),
        (part("x", headers=[header("To", "a@b, " * 1_000_000)]), "addresses_truncated"),
        (part("x", headers=[header("Content-Type", "text/plain" + ";" * 1_000_000)]), "header_truncated"),
    ],
    ids=["depth", "parts", "headers", "addresses", "parameters"],
)
def test_a_hostile_tree_is_over_soon_and_marked(payload: Any, defect: str) -> None:
    mail = from_payload(payload)
    assert "unreadable" not in mail.defects
    assert defect in mail.defects
    assert len(mail.headers) <= MOST_FIELDS
    assert all(len(value) <= LONGEST_FIELD for _, value in mail.headers)


def test_depth_and_parts_are_bounded_where_those_of_raw_messages_are() -> None:
    assert from_payload(nested(DEEPEST, part("x"))).text == "x"
    many = {"mimeType": "multipart/mixed", "parts": [{"mimeType": "a/b"}] * (MOST_PARTS + 1)}
    assert len(from_payload(many).attachments) == MOST_PARTS


NAMES = ["From", "To", "Subject", "Date", "Message-ID", "Content-Type", "Content-Disposition"]
VALUES = [
    "multipart/mixed; boundary=b",
    "text/html; charset=utf-7",
    "a/b; name*0*=utf-8''%00",
    '"<a@b',
    "=?utf-7?Q?+2AA-?=",
]
TYPES = ["text/plain", "text/html", "multipart/mixed", "multipart/alternative", "message/rfc822", "a/b", "", "x" * 99]
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
headers = st.lists(
    st.fixed_dictionaries(
        {}, optional={"name": st.sampled_from(NAMES) | anything, "value": st.sampled_from(VALUES) | anything}
    )
    | anything,
    max_size=5,
)
bodies = st.fixed_dictionaries(
    {},
    optional={
        "size": st.integers(-5, 5) | anything,
        "data": st.binary(max_size=20).map(lambda data: base64.urlsafe_b64encode(data).decode()) | anything,
        "attachmentId": st.text(max_size=3) | anything,
    },
)
trees = st.deferred(
    lambda: st.fixed_dictionaries(
        {},
        optional={
            "mimeType": st.sampled_from(TYPES) | anything,
            "partId": st.sampled_from(["", "0", "1.1", "x", "\0"]) | anything,
            "filename": st.text(max_size=5) | anything,
            "headers": headers | anything,
            "body": bodies | anything,
            "parts": st.lists(trees, max_size=3) | anything,
        },
    )
)


@settings(max_examples=300, deadline=None)
@given(trees | anything)
def test_any_json_becomes_a_mail_of_clean_strings(payload: Any) -> None:
    mail = from_payload(payload)
    assert "unreadable" not in mail.defects
    assert all(map(is_clean, strings(mail)))
    assert mail.date is None or mail.date.tzinfo is UTC
    assert all(part.size >= 0 for part in mail.attachments)


def test_a_tree_that_is_none_is_an_empty_mail() -> None:
    empty = parse(b"")
    for nothing in (None, [], "x", 5, {}, {"parts": 3, "headers": 3, "body": 3}):
        assert replace(from_payload(nothing), attachments=()) == empty
