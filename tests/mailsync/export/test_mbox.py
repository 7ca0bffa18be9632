"""One file that other programs read, with every byte of every message."""

import mailbox
import re
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsync.export.marks import takeout_labels
from mailsync.export.mbox import from_line, mbox, quote
from mailsync.export.originals import Missing
from tests.mailsync.export.mail import message, original

PIECES = [
    b"From ",
    b">From ",
    b">>From x",
    b"\n",
    b"\r\n",
    b"\r",
    b"Subject: x",
    b"",
    b"\x00",
    b"from ",
    b" From ",
    b"\xff",
]


def read(content: bytes) -> list[bytes]:
    """Each message as Python's own library has it, without the added header and the quoting."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "all.mbox"
        path.write_bytes(content)
        with closing(mailbox.mbox(path)) as box:
            with_header = [box.get_bytes(key) for key in box.iterkeys()]
    exact = [re.sub(rb"\AX-GM-THRID: .*\nX-Gmail-Labels: .*\n(?: .*\n)*", b"", each) for each in with_header]
    return [re.sub(rb"(?m)^>(?=>*From )", b"", each) for each in exact]


def written(*raws: bytes) -> bytes:
    return b"".join(mbox([original(raw, f"{number:x}") for number, raw in enumerate(raws)], {}))


@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=8).map(b"".join), max_size=4))
def test_any_bytes_come_back_exactly(raws: list[bytes]) -> None:
    """But for a line feed at the end of a message that has none: the format has no other way."""
    # A message that begins with a blank looks like a folded line of the header before it.
    raws = [b"A: b\n" + raw for raw in raws]
    assert read(written(*raws)) == [raw if raw.endswith(b"\n") else raw + b"\n" for raw in raws]


def test_a_line_that_looks_like_a_beginning_is_quoted_by_one() -> None:
    assert quote(b"From a\n>From b\n>>From c\nNot From d\nFromage\n") == (
        b">From a\n>>From b\n>>>From c\nNot From d\nFromage\n"
    )


def test_the_labels_stand_before_the_bytes_as_in_googles_own_export() -> None:
    content = b"".join(
        mbox([original(b"Subject: x\r\n\r\ny\r\n", "1f", thread_id="ff", labels=["INBOX", "UNREAD"])], {})
    )
    assert content == (
        b"From ada@example.com Sat Mar  7 04:05:06 2026\n"
        b"X-GM-THRID: 255\r\nX-Gmail-Labels: Inbox,Unread\r\nSubject: x\r\n\r\ny\r\n\n"
    )


@pytest.mark.parametrize("sender", ["", "a b@example.com", "x\nFrom evil", "ä@example.com", "a\x00@b"])
def test_no_sender_breaks_the_first_line(sender: str) -> None:
    assert from_line(message(sender_email=sender)) == b"From MAILER-DAEMON Sat Mar  7 04:05:06 2026"


def test_no_label_adds_a_header_of_its_own() -> None:
    evil = "x\r\nBcc: everybody@example.com\u2028\x85y"
    content = b"".join(mbox([original(b"A: b\n\nc\n", labels=["Label_1", "UNREAD"])], {(1, "Label_1"): evil}))
    parsed = mailbox.mboxMessage(content.split(b"\n", 1)[1])
    assert parsed.keys() == ["X-GM-THRID", "X-Gmail-Labels", "A"]
    assert takeout_labels(message(labels=["Label_1", "UNREAD"]), {(1, "Label_1"): evil})[0] == evil


def test_what_is_missing_leaves_no_trace() -> None:
    assert b"".join(mbox([Missing(message(), "gone")], {})) == b""
