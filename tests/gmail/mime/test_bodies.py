import binascii

import pytest

from gmail.mime import bodies


def undone(data: bytes, encoding: str) -> tuple[bytes, set[str]]:
    defects: set[str] = set()
    return bodies.undone(data, encoding, defects), defects


@pytest.mark.parametrize("encoding", ["", "7bit", "8bit", "binary"])
def test_identity_changes_nothing(encoding: str) -> None:
    assert undone(b"=41\xff", encoding) == (b"=41\xff", set())


def test_quoted_printable() -> None:
    assert undone(b"caf=C3=A9=\n!", "quoted-printable") == ("café!".encode(), set())


def test_base64_with_line_ends() -> None:
    assert undone(b"aGVs\r\nbG8=\r\n", "base64") == (b"hello", set())


@pytest.mark.parametrize(("data", "content"), [(b"aGVsbG8", b"hello"), (b"aGVsbG8x=A", b"hello1"), (b"a", b"")])
def test_broken_base64_gives_what_it_can(data: bytes, content: bytes) -> None:
    found, defects = undone(data, "base64")
    assert found[: len(content)] == content
    assert defects == {"base64_broken"}


def test_uuencode() -> None:
    lines = b"begin 644 x\n" + binascii.b2a_uu(b"hello") + b"`\nend\nignored"
    assert undone(lines, "x-uuencode") == (b"hello", set())
    assert undone(b"no beginning", "x-uuencode") == (b"no beginning", {"uuencode_broken"})
    assert undone(b"begin 644 x\n#\xff\xff\nend", "x-uuencode")[1] == {"uuencode_broken"}


def test_an_unknown_encoding_is_marked() -> None:
    assert undone(b"x", "rot13") == (b"x", {"encoding_unknown"})
