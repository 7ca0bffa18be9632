"""Read a raw message into a ParsedMail."""

import logging

from gmail.mime import words
from gmail.mime.assembly import UNREADABLE, assembled
from gmail.mime.mail import ParsedMail
from gmail.mime.tree import Parser

log = logging.getLogger(__name__)


def parse(raw: bytes) -> ParsedMail:
    """What a reader sees of a message; never raises."""
    try:
        return _parse(raw)
    except Exception:
        # A mirror must not stop at a mail that finds an error in this code: its raw bytes are kept all the same.
        log.exception("A message of %d bytes is beyond the parser", len(raw))
        return UNREADABLE


def _parse(raw: bytes) -> ParsedMail:
    parser = Parser(raw)
    root = parser.read()
    lines = [(name, words.unfolded(value, parser.defects)) for name, value in root.head.fields]
    return assembled(lines, root, parser.defects)


def attachment_bytes(raw: bytes, part_id: str) -> bytes | None:
    """The decoded content of a part, by the id that its Attachment has; None without such a part."""
    try:
        wanted = "" if part_id == "root" else part_id or None
        found = next((part for part in Parser(raw).read().walk() if part.part_id == wanted), None)
        return found.content(set()) if found else None
    except Exception:
        log.exception("An attachment of a message of %d bytes is beyond the parser", len(raw))
        return None
