"""Filling of an exact length."""

import zlib
from base64 import b64decode

import pytest

from gmail.simulator.letters import opaque


def test_a_header_is_exactly_as_long_as_asked() -> None:
    for length in (*range(25, 400), 5_000, 100_000):
        header = opaque.header(b"X-Gm-Message-State", length)

        assert len(header) == length
        assert header.startswith(b"X-Gm-Message-State: ")
        lines = header.removesuffix(b"\r\n").split(b"\r\n")
        assert all(line.startswith(b" ") and line.strip() for line in lines[1:])
        assert max(len(line) for line in lines) < 100


@pytest.mark.parametrize("room", [0, 77, 78, 1_000, 468_000, 1_000_000])
@pytest.mark.parametrize("key", [0, 5_999, 123_456_789])
def test_base64_lines_use_the_room_and_decode(room: int, key: int) -> None:
    lines = opaque.base64_lines(key, room)

    assert room - 78 < len(lines) <= room
    assert len(b64decode(lines)) == len(lines) // 78 * 57


def test_megabytes_do_not_shrink_so_much_that_clients_suspect_a_bomb() -> None:
    lines = opaque.base64_lines(1, 5_000_000)

    assert len(lines) / len(zlib.compress(lines)) < 2
