"""A message as the tree that formats "full" and "metadata" show."""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header
from email.message import Message as Mail
from email.utils import collapse_rfc2231_value

Part = dict[str, object]
EMBEDDED = ("message/rfc822", "message/global")


class Closed(Mail):
    """A mail in which embedded messages stay the bytes that they are: the parser opens what calls itself a message."""

    def get_content_type(self) -> str:
        kind = super().get_content_type()
        return f"application/x-{kind.replace('/', '-')}" if kind.startswith("message/") else kind


def parsed(raw: bytes) -> Mail:
    """The mail that `raw` is."""
    return message_from_bytes(raw, Closed)


def kind_of(mail: Mail) -> str:
    """The content type of a part."""
    return Mail.get_content_type(mail)


def encode(data: bytes) -> str:
    """base64url as Gmail writes it, with its padding."""
    return urlsafe_b64encode(data).decode("ascii")


def headers_of(raw: bytes) -> list[dict[str, str]]:
    """The headers of a message in order."""
    end = min((place for mark in (b"\r\n\r\n", b"\n\n") if (place := raw.find(mark)) >= 0), default=len(raw))
    return _headers(message_from_bytes(raw[: end + 2]))


def _headers(mail: Mail) -> list[dict[str, str]]:
    return [{"name": name, "value": readable(str(value))} for name, value in mail._headers]  # type: ignore[attr-defined]


def readable(value: str) -> str:
    """A header unfolded and decoded; what can't be decoded stays as it came."""
    flat = " ".join(value.split()) if "\n" in value else value
    try:
        if "=?" not in flat:
            return flat.encode("ascii", "surrogateescape").decode("utf-8", "replace")
        return "".join(
            text if isinstance(text, str) else text.decode(charset or "ascii", "replace")
            for text, charset in decode_header(flat)
        )
    except (LookupError, ValueError, MessageError):
        return flat.encode("utf-8", "replace").decode("utf-8")


def tree(raw: bytes, attachment_id: Callable[[str], str]) -> Part:
    """The MessagePart of a message; `attachment_id` makes an id from a partId."""
    return _part(parsed(raw), "", attachment_id)


def _part(mail: Mail, part_id: str, attachment_id: Callable[[str], str]) -> Part:
    filename = _filename(mail)
    part: Part = {
        "partId": part_id,
        "mimeType": kind_of(mail),
        "filename": filename,
        "headers": _headers(mail),
    }
    parts = [_part(child, _below(part_id, n), attachment_id) for n, child in enumerate(_children(mail))]
    if mail.is_multipart():
        return part | {"body": {"size": 0}, "parts": parts}
    data = content(mail)
    if filename or not kind_of(mail).startswith("text/"):
        part["body"] = {"attachmentId": attachment_id(part_id), "size": len(data)}
    else:
        part["body"] = {"size": len(data)} | ({"data": encode(data)} if data else {})
    return part | ({"parts": parts} if parts else {})


def _below(part_id: str, number: int) -> str:
    return f"{part_id}.{number}" if part_id else str(number)


def _children(mail: Mail) -> list[Mail]:
    """The parts of a multipart; of an embedded message, which is an attachment as well, the message."""
    if kind_of(mail) in EMBEDDED:
        return [parsed(content(mail))]
    payload = mail.get_payload()
    return [child for child in payload if isinstance(child, Mail)] if isinstance(payload, list) else []


def _filename(mail: Mail) -> str:
    try:
        name = mail.get_param("filename", None, "content-disposition") or mail.get_param("name", None)
        return readable(collapse_rfc2231_value(name)) if name else ""
    except (LookupError, ValueError, TypeError):
        return ""


def content(mail: Mail) -> bytes:
    """The bytes of a part with its transfer encoding taken off; text is turned into UTF-8 as Gmail does."""
    try:
        data = mail.get_payload(decode=True)
    except (LookupError, ValueError):
        data = None
    if not isinstance(data, bytes):
        return b""
    if not kind_of(mail).startswith("text/") or _filename(mail):
        return data
    return _utf8(data, str(mail.get_param("charset", "utf-8")))


def _utf8(data: bytes, charset: str) -> bytes:
    try:
        return data.decode(charset, "replace").encode("utf-8", "replace")
    except (LookupError, ValueError):
        return data


def leaves(mail: Mail, part_id: str = "") -> Iterator[tuple[str, Mail]]:
    """All parts that have content, with their partIds."""
    if not mail.is_multipart():
        yield part_id, mail
    for number, child in enumerate(_children(mail)):
        yield from leaves(child, _below(part_id, number))


def find(raw: bytes, part_id: str) -> bytes | None:
    """The content of the part `part_id`."""
    found = dict(leaves(parsed(raw))).get(part_id)
    return None if found is None else content(found)


def mime_type(raw: bytes) -> str:
    """The content type of the whole message."""
    return message_from_bytes(raw[:65_536]).get_content_type()
