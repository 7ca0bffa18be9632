"""Take a message's raw bytes out of the JSON around them while both arrive.

A message may have 150 MiB; parsed as one piece of JSON it would be in memory several times over.
"""

import binascii
import re
from collections.abc import Callable

_KEY = re.compile(rb'"raw"\s*:\s*"')  # inside of a JSON string its quotes would be escaped
_DIGITS_END = re.compile(rb'["=\\]')  # padding may be written as \u003d
_STANDARD = bytes.maketrans(b"-_", b"+/")
_LONGEST_KEY = 64


class Sieve:
    """Feed it an answer of messages.get; `rest` is the JSON with an empty "raw", `raw` the bytes, if `found`."""

    def __init__(self) -> None:
        self.rest = bytearray()
        self.raw = bytearray()
        self.found = False
        self._digits = b""
        self._state: Callable[[bytes], None] = self._seek

    def feed(self, piece: bytes) -> None:
        """Take the next piece; ValueError when the raw bytes are no base64url."""
        self._state(piece)

    def _seek(self, piece: bytes) -> None:
        before = max(0, len(self.rest) - _LONGEST_KEY)  # the key may have begun in the piece before
        self.rest += piece
        if key := _KEY.search(self.rest, before):
            value = bytes(self.rest[key.end() :])
            del self.rest[key.end() :]
            self.found, self._state = True, self._decode
            self._decode(value)

    def _decode(self, piece: bytes) -> None:
        end = _DIGITS_END.search(piece)
        digits = self._digits + (piece[: end.start()] if end else piece)
        whole = len(digits) if end else len(digits) // 4 * 4
        self.raw += binascii.a2b_base64(digits[:whole].translate(_STANDARD) + b"=" * (-whole % 4))
        self._digits = digits[whole:]
        if end:
            self._state = self._skip_padding
            self._skip_padding(piece[end.start() :])

    def _skip_padding(self, piece: bytes) -> None:
        closing = piece.find(b'"')
        if closing >= 0:
            self.rest += piece[closing:]
            self._state = self.rest.extend
