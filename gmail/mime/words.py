"""Decode the text of a header: RFC 2047 words, bytes that nobody declared."""

import binascii
import re
from collections.abc import Iterator

from gmail.mime import bodies, charsets

_FOLD = re.compile(rb"[\r\n]+[ \t]?")
_TEXT_FOLD = re.compile(r"[\r\n]+[ \t]?")
_WORD = re.compile(r"=\?([^?\s]{1,70})\?([bBqQ])\?([^?]*)\?=")
_BLANK = re.compile(r"\s*")


def decoded(line: str, defects: set[str]) -> str:
    """The text of a header's line."""
    return decode_words(line, defects).strip()


def unfolded(value: bytes, defects: set[str]) -> str:
    """The header's value on one line, its encoded words still encoded."""
    line = _FOLD.sub(b" ", value) if b"\n" in value or b"\r" in value else value
    text, defect = charsets.decode(line.strip(b" \t"))
    if defect:
        defects.add(f"header_{defect}")
    return text


def clean_line(value: str) -> str:
    """The line of a header that comes as text already."""
    return charsets.clean(_TEXT_FOLD.sub(" ", value).strip(" \t"))


def decode_words(text: str, defects: set[str]) -> str:
    """The text with its encoded words decoded; adjacent words of one charset may share a character."""
    if "=?" not in text:
        return text
    return charsets.clean("".join(_pieces(text, defects)))


def _pieces(text: str, defects: set[str]) -> Iterator[str]:
    end, held, held_charset = 0, b"", ""
    for word in _WORD.finditer(text):
        between = text[end : word.start()]
        charset = word[1].partition("*")[0].lower()
        data = _data(word[2], word[3], defects)
        if held_charset and (charset != held_charset or not _is_blank(between)):
            yield _decoded(held, held_charset, defects)
            held = b""
        if not held_charset or not _is_blank(between):
            yield between
        held, held_charset, end = held + data, charset, word.end()
    if held_charset:
        yield _decoded(held, held_charset, defects)
    yield text[end:]


def _is_blank(text: str) -> bool:
    return _BLANK.fullmatch(text) is not None


def _data(encoding: str, payload: str, defects: set[str]) -> bytes:
    data = payload.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(data.replace(b" ", b"_"), header=True)
    return bodies.undone(data + b"=" * (-len(data) % 4), "base64", defects)


def _decoded(data: bytes, charset: str, defects: set[str]) -> str:
    text, defect = charsets.decode(data, charset)
    if defect:
        defects.add(f"header_{defect}")
    return text
