"""Read one mirrored mail: its exact bytes, what a reader sees of it."""

import logging
from dataclasses import dataclass

import zstandard

from gmail import mime
from mailsync.models import Body, Message, RawMessage
from mailsync.sync.rows import unpacked, unpacked_body

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader sees of a mail; `html` as its sender wrote it, not sanitised."""

    headers: list[tuple[str, str]]
    text: str
    html: str


def raw(message: Message) -> bytes | None:
    """Exactly the bytes that Gmail gave; None while they are not held, or no longer whole."""
    held = RawMessage.objects.filter(message=message).first()
    try:
        return unpacked(held.data, held.size) if held else None
    except zstandard.ZstdError:
        log.error("message %s: its bytes are damaged", message.gmail_id)
        return None


def body(message: Message) -> Reading | None:
    """Headers, text, HTML; None where nothing of the mail is held."""
    kept = Body.objects.filter(message=message).first()
    if kept is not None:
        return _reading(message, kept)
    exact = raw(message)  # asked for second: bytes that arrive take the body away, never the other way about
    if exact is None:
        return None
    mail = mime.parse(exact)
    return Reading(list(mail.headers), mail.text, mail.html)


def _reading(message: Message, kept: Body) -> Reading | None:
    try:
        found = unpacked_body(kept.data)
    except (zstandard.ZstdError, ValueError):
        log.error("message %s: its text is damaged", message.gmail_id)
        return None
    return Reading([(name, value) for name, value in found["headers"]], found["text"], found["html"])
