"""Read one mirrored mail: its exact bytes, what the parser makes of them."""

from gmail import mime
from gmail.mime import ParsedMail
from mailsync.models import Message, RawMessage
from mailsync.sync.rows import unpacked


def raw(message: Message) -> bytes | None:
    """Exactly the bytes that Gmail gave; None while they are not held."""
    held = RawMessage.objects.filter(message=message).first()
    return unpacked(held.data, held.size) if held else None


def body(message: Message) -> ParsedMail | None:
    """Headers, text, HTML, attachments; None while the bytes are not held."""
    held = raw(message)
    return mime.parse(held) if held is not None else None
