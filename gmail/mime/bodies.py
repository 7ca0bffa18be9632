"""Undo transfer encodings (RFC 2045, section 6)."""

import binascii
import re

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def undone(data: bytes, encoding: str, defects: set[str]) -> bytes:
    """The content that `data` carries; an unknown encoding leaves it as it is."""
    if encoding == "base64":
        return _base64(data, defects)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(data)
    if encoding in ("x-uuencode", "uuencode", "x-uue", "uue"):
        return _uuencoded(data, defects)
    if encoding not in ("", "7bit", "8bit", "binary"):
        defects.add("encoding_unknown")
    return data


def _base64(data: bytes, defects: set[str]) -> bytes:
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        defects.add("base64_broken")
    digits = _NOT_BASE64.sub(b"", data)
    # One digit alone carries no byte; two or three lack only their padding.
    digits = digits[:-1] if len(digits) % 4 == 1 else digits
    return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))


def _uuencoded(data: bytes, defects: set[str]) -> bytes:
    lines = data.splitlines()
    begin = next((number for number, line in enumerate(lines) if line.startswith(b"begin ")), None)
    if begin is None:
        defects.add("uuencode_broken")
        return data
    content = bytearray()
    for line in lines[begin + 1 :]:
        if line.strip() in (b"end", b"`", b""):
            break
        try:
            content += binascii.a2b_uu(line)
        except binascii.Error:
            defects.add("uuencode_broken")
    return bytes(content)
