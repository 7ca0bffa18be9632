"""How text of a charset travels in headers and bodies."""

from base64 import b64encode
from binascii import b2a_base64, b2a_qp
from functools import lru_cache

from gmail.simulator.letters.tongue import Tongue

SEVEN_BIT = frozenset({"us-ascii", "iso-2022-jp", "iso-2022-kr"})
MOSTLY_ASCII = frozenset({"iso-8859-1", "iso-8859-2", "iso-8859-15", "windows-1250", "windows-1252"})
LINE = 57
"""Bytes of content in one line of base64."""


def transfer_encoding(tongue: str, charset: str, eight_bit: bool) -> str:
    """7bit where the charset allows it, quoted-printable for Latin text, else base64 or bare 8bit."""
    if charset in SEVEN_BIT:
        return "7bit"
    if eight_bit:
        return "8bit"
    return "quoted-printable" if charset in MOSTLY_ASCII or tongue in ("en", "de", "fr", "es", "pl") else "base64"


@lru_cache(maxsize=8192)
def block(text: str, charset: str, encoding: str) -> bytes:
    """`text` in its charset, and in its transfer encoding unless that is base64, which goes over the whole body."""
    data = text.encode(charset, "replace").replace(b"\n", b"\r\n")
    if encoding != "quoted-printable":
        return data
    return b2a_qp(data.replace(b"\r\n", b"\n"), istext=True).replace(b"\n", b"\r\n")


@lru_cache(maxsize=1024)
def blocks(tongue: Tongue, wrap: tuple[str, str], charset: str, encoding: str) -> tuple[bytes, ...]:
    """All paragraphs of a language as a part holds them, `wrap` before and after each."""
    return tuple(block(wrap[0] + paragraph + wrap[1], charset, encoding) for paragraph in tongue.paragraphs)


def finish(content: bytes, encoding: str) -> bytes:
    """The body of a part from its joined blocks."""
    if encoding != "base64":
        return content
    return b"".join(b2a_base64(content[i : i + LINE], newline=False) + b"\r\n" for i in range(0, len(content), LINE))


def expansion(encoding: str) -> float:
    """Bytes on the wire per byte of content, line ends included."""
    return (76 + 2) / LINE if encoding == "base64" else 1.0


@lru_cache(maxsize=4096)
def word(text: str, charset: str) -> str:
    """`text` as RFC 2047 encoded words of at most 75 characters, cut between characters; ASCII stays bare."""
    if text.isascii():
        return text
    return "\r\n ".join(f"=?{charset}?B?{b64encode(piece).decode()}?=" for piece in _pieces(text, charset))


def _pieces(text: str, charset: str) -> list[bytes]:
    pieces, start = [], 0
    while start < len(text):
        end = start + 1
        while end < len(text) and len(text[start : end + 1].encode(charset, "replace")) <= 42:
            end += 1
        pieces.append(text[start:end].encode(charset, "replace"))
        start = end
    return pieces


def address(name: str, email: str, charset: str) -> str:
    """A display name with its address, quoted when it has a comma, a dot or an apostrophe."""
    shown = word(name, charset)
    return f'"{name}" <{email}>' if shown == name and not name.replace(" ", "").isalpha() else f"{shown} <{email}>"
