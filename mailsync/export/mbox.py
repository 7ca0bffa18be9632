"""Write mail as mboxrd, with the headers that Google's Takeout adds."""

import re
import time
from collections.abc import Iterable, Iterator

from mailsync.export.marks import Names, label_header, takeout_labels
from mailsync.export.originals import Found, Original
from mailsync.models import Message

NOBODY = "MAILER-DAEMON"
PIECE = 1 << 20  # bytes of a message that are handed on at once
_FROM = re.compile(rb"^(?=>*From )", re.MULTILINE)
_SENDER = re.compile(r"[!-~]{1,320}")


def mbox(found: Iterable[Found], names: Names) -> Iterator[bytes]:
    """The file piece by piece; it has no place for what is missing."""
    for each in found:
        if isinstance(each, Original):
            yield from entry(each.message, each.raw, names)


def entry(message: Message, raw: bytes, names: Names) -> Iterator[bytes]:
    """One message of the file.

    The line `From `, then two header fields that Gmail's own export has too; all after them are the exact bytes, but for
    the > before each line that would look like a beginning. The format ends each message with a line feed: one that has
    none at its end gets it.
    """
    newline = b"\r\n" if raw[: raw.find(b"\n") + 1].endswith(b"\r\n") else b"\n"
    yield from_line(message) + b"\n" + _added(message, names).replace(b"\n", newline)
    quoted = quote(raw)
    yield from (quoted[at : at + PIECE] for at in range(0, len(quoted), PIECE))
    yield b"\n" if raw.endswith(b"\n") else b"\n\n"


def from_line(message: Message) -> bytes:
    """Who sent it, when Gmail took it (UTC): only what can break no line."""
    sender = message.sender_email if _SENDER.fullmatch(message.sender_email) else NOBODY
    return f"From {sender} {time.asctime(message.internal_date.utctimetuple())}".encode("ascii")


def quote(raw: bytes) -> bytes:
    """Each line of any number of > and `From ` has one > more: to take it away gives the exact bytes again."""
    return _FROM.sub(b">", raw) if b"From " in raw else raw


def _added(message: Message, names: Names) -> bytes:
    thread = message.thread_id
    number = str(int(thread, 16)) if re.fullmatch("[0-9a-f]{1,16}", thread) else ""
    labels = label_header(takeout_labels(message, names))
    return f"X-GM-THRID: {number}\nX-Gmail-Labels: {labels}\n".encode("ascii")
