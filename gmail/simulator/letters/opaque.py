"""Bytes that do not compress, as attachments and signatures are."""

import random
from base64 import b64encode
from functools import cache

POOL_LINES = 6_000


@cache
def _pool() -> bytes:
    data = random.Random("opaque").randbytes(57 * POOL_LINES)
    encoded = b64encode(data)
    return b"".join(encoded[i : i + 76] + b"\r\n" for i in range(0, len(encoded), 76))


def base64_lines(key: int, room: int) -> bytes:
    """Whole base64 lines of at most `room` bytes, starting somewhere that `key` decides."""
    pool, left = _pool(), max(room // 78, 0) * 78
    place = key % POOL_LINES * 78
    pieces: list[bytes] = []
    while left:
        pieces.append(pool[place : place + left])
        left -= len(pieces[-1])
        place = 0
    return b"".join(pieces)


@cache
def _tokens() -> bytes:
    return b64encode(random.Random("tokens").randbytes(30_000))


def header(name: bytes, length: int) -> bytes:
    """A folded header of opaque text, exactly `length` bytes with its line end (length > len(name) + 4)."""
    wanted = length - len(name) - 4
    text = bytearray((_tokens() * (wanted // len(_tokens()) + 1))[:wanted])
    for fold in range(60, wanted - 4, 77):
        text[fold : fold + 3] = b"\r\n "
    return name + b": " + bytes(text) + b"\r\n"
