"""Read a raw message into a ParsedMail."""

import logging

from gmail.mime import addresses, charsets, content, dates, words
from gmail.mime.fields import Head
from gmail.mime.mail import Address, ParsedMail
from gmail.mime.tree import Parser

log = logging.getLogger(__name__)

NOBODY = Address("", "")
UNREADABLE = ParsedMail("", NOBODY, (), (), None, "", (), "", "", (), ("unreadable",))


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
    head, defects = root.head, parser.defects
    inside = content.Content(parser.source, defects)
    body = inside.body(root)
    return ParsedMail(
        subject=_text(head, "subject", defects),
        from_=next(iter(_mailboxes(head, "from", defects)), NOBODY),
        to=_mailboxes(head, "to", defects),
        cc=_mailboxes(head, "cc", defects),
        date=dates.date(_text(head, "date", defects)),
        message_id=_message_id(_text(head, "message-id", defects)),
        headers=tuple((name, words.text_of(value, defects)) for name, value in head.fields),
        text=charsets.clean(content.readable(body)),
        html=body.html or "",
        attachments=tuple(inside.attachments(root)),
        defects=tuple(sorted(defects)),
    )


def attachment_bytes(raw: bytes, part_id: str) -> bytes | None:
    """The decoded content of a part, by the id that its Attachment has; None without such a part."""
    try:
        parser = Parser(raw)
        wanted = "" if part_id == "root" else part_id or None
        found = next((entity for entity in parser.read().walk() if entity.part_id == wanted), None)
        return content.Content(parser.source, parser.defects).bytes_of(found) if found else None
    except Exception:
        log.exception("An attachment of a message of %d bytes is beyond the parser", len(raw))
        return None


def _text(head: Head, name: str, defects: set[str]) -> str:
    value = head.first(name)
    return words.text_of(value, defects) if value is not None else ""


def _mailboxes(head: Head, name: str, defects: set[str]) -> tuple[Address, ...]:
    value = head.first(name)
    return addresses.mailboxes(value, defects) if value is not None else ()


def _message_id(text: str) -> str:
    inner = text.partition("<")[2].partition(">")[0] if "<" in text else text
    return inner.strip()
