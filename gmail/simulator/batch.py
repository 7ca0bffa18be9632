"""The multipart bodies of POST /batch."""

import re
from dataclasses import dataclass
from http import HTTPStatus

from gmail.simulator.call import Call

MOST_PARTS = 100
BOUNDARY = re.compile(r'boundary="?([^";,]+)"?', re.IGNORECASE)
BLANK = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Part:
    """One inner request with the Content-ID it came with."""

    content_id: str
    call: Call


def boundary_of(content_type: str) -> str | None:
    """The boundary that a Content-Type header names."""
    match = BOUNDARY.search(content_type)
    return match[1] if match else None


def parse(body: bytes, boundary: str, outer: dict[str, str]) -> list[Part]:
    """The inner requests, with CRLF or bare LF; outer headers hold for parts that do not have their own."""
    inherited = {name: value for name, value in outer.items() if not name.startswith("content-")}
    pieces = re.split(rb"(?:^|\r?\n)--" + re.escape(boundary.encode()) + rb"(?:--)?[ \t]*(?=\r?\n|$)", body)
    return [_part(piece.lstrip(b"\r\n"), inherited) for piece in pieces[1:] if piece.strip()]


def _part(piece: bytes, inherited: dict[str, str]) -> Part:
    mime, request = _split(piece)
    head, content = _split(request)
    line, _, rest = head.partition(b"\n")
    verb, _, target = line.decode("latin-1").strip().partition(" ")
    target = target.rpartition(" ")[0] if target.endswith(("HTTP/1.1", "HTTP/1.0")) else target
    headers = _headers(mime)
    call = Call.parse(verb.upper(), target, inherited | _headers(rest), content)
    return Part(headers.get("content-id", ""), call)


def _split(data: bytes) -> tuple[bytes, bytes]:
    match = BLANK.search(data)
    return (data[: match.start()], data[match.end() :]) if match else (data.rstrip(b"\r\n"), b"")


def _headers(data: bytes) -> dict[str, str]:
    """By lower-case name; the email package's parser would cost more than all the rest of a part."""
    found: dict[str, str] = {}
    name = ""
    for line in data.decode("latin-1").splitlines():
        if line[:1] in (" ", "\t") and name:
            found[name] += " " + line.strip()
        else:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            found[name] = value.strip()
    return found


def render(boundary: str, answers: list[tuple[str, int, bytes]]) -> bytes:
    """(Content-ID of the request, status, JSON body) of each part, with CRLF."""
    pieces: list[bytes] = []
    for content_id, status, body in answers:
        pieces += (_head(boundary, content_id, status), body, b"\r\n")
    return b"".join(pieces) + f"--{boundary}--\r\n".encode()


def _head(boundary: str, content_id: str, status: int) -> bytes:
    known = f"Content-ID: {response_id(content_id)}\r\n" if content_id else ""
    return (
        f"--{boundary}\r\nContent-Type: application/http\r\n{known}\r\n"
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
        "Content-Type: application/json; charset=UTF-8\r\nVary: Origin\r\nVary: X-Origin\r\nVary: Referer\r\n\r\n"
    ).encode()


def response_id(content_id: str) -> str:
    """<X> becomes <response-X>."""
    return f"<response-{content_id[1:]}" if content_id.startswith("<") else f"response-{content_id}"
