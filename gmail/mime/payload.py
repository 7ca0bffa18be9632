"""Read Gmail's own tree of a message (format "full") into the same ParsedMail as its raw bytes give.

Gmail has unfolded and decoded the headers, undone transfer encodings and turned text into UTF-8. What it calls a part
is trusted no more than a raw message: depth, parts and sizes are bounded, every value may be of a wrong type.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from gmail.mime import bodies, fields, parameters, words
from gmail.mime.assembly import UNREADABLE, assembled
from gmail.mime.mail import ParsedMail
from gmail.mime.part import LONGEST_TEXT, Part, text_of
from gmail.mime.tree import DEEPEST, MOST_PARTS, is_type

log = logging.getLogger(__name__)

_PART_ID = re.compile(r"\d{1,5}(\.\d{1,5}){0,200}")
_LONGEST_DATA = (LONGEST_TEXT // 3 + 1) * 4  # digits of base64: a byte more than is read, to be seen missing
_STANDARD = str.maketrans("-_", "+/")
_LARGEST = 1 << 40


def from_payload(payload: object) -> ParsedMail:
    """What a reader sees of a message, from the `payload` of messages.get or threads.get; never raises."""
    try:
        defects: set[str] = set()
        root = _Reader(defects).part(_mapping(payload), "", 0, "text/plain")
        return assembled(root.lines, root, defects)
    except Exception:
        log.exception("A payload of Gmail's is beyond the reader")
        return UNREADABLE


@dataclass(slots=True, kw_only=True)
class GivenPart(Part):
    """A part as Gmail gave it: its header lines and its `body` with size, data or attachmentId."""

    lines: list[tuple[str, str]]
    body: Mapping[str, Any]

    def content(self, defects: set[str]) -> bytes:
        digits = _text(self.body.get("data"))[:_LONGEST_DATA].translate(_STANDARD)
        return bodies.undone(digits.encode("ascii", "replace") + b"=" * (-len(digits) % 4), "base64", defects)

    def size(self, defects: set[str]) -> int:
        given = self.body.get("size")
        if type(given) is int and 0 <= given < _LARGEST:
            return given
        return len(_text(self.body.get("data")).rstrip("=")) * 3 // 4

    def text(self, defects: set[str]) -> str:
        data = self.content(defects)
        if not data and self.body.get("attachmentId"):
            defects.add("text_not_inline")
        charset = "utf-8"
        if not _is_utf8(data):
            defects.add("payload_not_utf8")
            charset = self.parameters.get("charset", "")
        text = text_of(data, charset, defects)
        if "\ufffd" in text:
            defects.add("text_replaced")
        return text


class _Reader:
    """Builds the tree of one message."""

    def __init__(self, defects: set[str]) -> None:
        self._defects = defects
        self._parts_left = MOST_PARTS

    def part(self, given: Mapping[str, Any], part_id: str, depth: int, default_type: str) -> GivenPart:
        lines = list(_lines(given.get("headers"), self._defects))
        first = {name.lower(): line for name, line in reversed(lines)}
        kind = parameters.of_line(first.get("content-type"), self._defects)
        disposition = parameters.of_line(first.get("content-disposition"), self._defects)
        named = disposition.parameters.get("filename") or kind.parameters.get("name", "")
        types = (_text(given.get("mimeType")).lower(), kind.value, default_type)
        part = GivenPart(
            part_id=part_id,
            mime_type=next(filter(is_type, types)),
            parameters=kind.parameters,
            disposition=disposition.value,
            filename=words.clean_line(_text(given.get("filename"))) or named,
            lines=lines,
            body=_mapping(given.get("body")),
        )
        if part.mime_type.startswith("multipart/"):
            part.children = list(self._children(part, given.get("parts"), depth))
        return part

    def _children(self, parent: GivenPart, given: object, depth: int) -> Iterator[GivenPart]:
        if not isinstance(given, list) or not given:
            return
        if depth == DEEPEST:
            self._defects.add("too_deep")
            return
        default_type = "message/rfc822" if parent.mime_type == "multipart/digest" else "text/plain"
        prefix = f"{parent.part_id}." if parent.part_id else ""
        for number, child in enumerate(given):
            if self._parts_left == 0:
                self._defects.add("too_many_parts")
                return
            self._parts_left -= 1
            own = _text(_mapping(child).get("partId"))
            part_id = own if _PART_ID.fullmatch(own) else f"{prefix}{number}"
            yield self.part(_mapping(child), part_id, depth + 1, default_type)


def _lines(headers: object, defects: set[str]) -> Iterator[tuple[str, str]]:
    if not isinstance(headers, list):
        return
    if len(headers) > fields.MOST_FIELDS:
        defects.add("head_truncated")
    for header in islice(headers, fields.MOST_FIELDS):
        name, value = (_text(_mapping(header).get(key)) for key in ("name", "value"))
        if len(value) > fields.LONGEST_FIELD:
            defects.add("head_truncated")
        if name:
            yield words.clean_line(name[: fields.LONGEST_NAME]), words.clean_line(value[: fields.LONGEST_FIELD])


def _is_utf8(data: bytes) -> bool:
    if b"\x1b$" in data:
        return False  # 7-bit, yet the escapes of ISO-2022: this was not turned into UTF-8
    try:
        data[:LONGEST_TEXT].decode("utf-8")
    except UnicodeDecodeError as error:
        return len(data) > LONGEST_TEXT and error.start >= LONGEST_TEXT - 4  # only cut inside a character
    return True


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
