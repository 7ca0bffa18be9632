"""Turn fetched messages into rows."""

import hashlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
import zstandard

from gmail import mime
from gmail.mime import Address, ParsedMail
from gmail.resources import Message
from mailsync.indexing.words import searched

MOST_LISTED_ADDRESSES = (
    5_000  # Gmail sends to 500 at most; what comes from elsewhere may name more, and `to:` searches these
)
MOST_SUBJECT = 2_000
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


class _Packing(threading.local):
    """A thread's own: two threads in one of these at once take the process down (requests read while batches write)."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=3, write_checksum=True)
        self.decompressor = zstandard.ZstdDecompressor()


_packing = _Packing()


def parsed(message: Message) -> ParsedMail:
    """What a reader sees of a message, in whichever format it came."""
    return mime.parse(message.raw) if message.raw is not None else mime.from_payload(message.payload or {})


def message_row(message: Message, mail: ParsedMail) -> dict[str, Any]:
    """The columns of a message as JSON can carry them; times in ISO 8601."""
    return {
        "gmail_id": message.id,
        "thread_id": message.thread_id,
        "labels": sorted(message.label_ids),
        "labels_as_of": message.history_id,
        "history_id": message.history_id,
        "internal_date": received(message).isoformat(),
        "size": message.size,
        "snippet": clean(message.snippet),
        "subject": mail.subject[:MOST_SUBJECT],
        "sender_name": mail.from_.name,
        "sender_email": mail.from_.email,
        "to": addresses(mail.to),
        "cc": addresses(mail.cc),
        "date": mail.date.isoformat() if mail.date and mail.date >= EARLIEST else None,
        "message_id": mail.message_id,
        "has_attachments": bool(mail.attachments),
        "attachments": [
            {"part_id": each.part_id, "filename": each.filename, "mime_type": each.mime_type, "size": each.size}
            for each in mail.attachments
        ],
        "defects": list(mail.defects),
        "words": searched(mail.subject[:MOST_SUBJECT], names(mail), mail.text),
    }


def received(message: Message) -> datetime:
    """When Gmail accepted it: the order that counts."""
    return datetime.fromtimestamp(message.internal_date / 1000, UTC)


def addresses(found: tuple[Address, ...]) -> list[dict[str, str]]:
    """`[{"name", "email"}]`, bounded."""
    return [{"name": each.name, "email": each.email} for each in found[:MOST_LISTED_ADDRESSES]]


def names(mail: ParsedMail) -> Iterator[str]:
    """Everybody and every file on the mail, for the search."""
    for each in (mail.from_, *mail.to[:MOST_LISTED_ADDRESSES], *mail.cc[:MOST_LISTED_ADDRESSES]):
        yield from (each.name, each.email)
    for file in mail.attachments:
        yield file.filename


def clean(text: str) -> str:
    """Without NUL or lone surrogates, which Postgres refuses."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def raw_row(raw: bytes) -> tuple[bytes, int, bytes]:
    """Compressed bytes, exact size, SHA-256."""
    return _packing.compressor.compress(raw), len(raw), hashlib.sha256(raw).digest()


def body_row(mail: ParsedMail) -> tuple[bytes, bytes]:
    """What a reader sees, compressed; the SHA-256 of that."""
    seen = orjson.dumps({"headers": mail.headers, "text": mail.text, "html": mail.html})
    data = _packing.compressor.compress(seen)
    return data, hashlib.sha256(data).digest()


def unpacked_body(data: bytes | memoryview) -> dict[str, Any]:
    """`{"headers", "text", "html"}` again."""
    found: dict[str, Any] = orjson.loads(_decompressed(data))
    return found


def unpacked(data: bytes | memoryview, size: int) -> bytes:
    """The exact bytes again; `size` bounds what a damaged row may grow to."""
    return _decompressed(data, max(size, 1))


def _decompressed(data: bytes | memoryview, most: int = 0) -> bytes:
    """Raises ZstdError, also where damage makes it claim a size that no memory has."""
    try:
        return _packing.decompressor.decompress(bytes(data), max_output_size=most)
    except MemoryError:
        raise zstandard.ZstdError("it claims an impossible size") from None
