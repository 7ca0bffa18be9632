"""The pictures within a mail's HTML, by their content ids."""

import base64

from gmail.mime import inline, inline_pictures

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(40))


def related(*parts: tuple[str, str, bytes]) -> bytes:
    """A message with parts of (content id, type, content)."""
    head = 'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="b"\r\n\r\n'
    pieces = [
        f"--b\r\nContent-Type: {kind}\r\nContent-ID: {name}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        f"{base64.b64encode(content).decode()}\r\n"
        for name, kind, content in parts
    ]
    return (head + "".join(pieces) + "--b--\r\n").encode()


def test_a_picture_is_found_by_its_content_id() -> None:
    raw = related(("<logo@mail>", "image/png", PNG), (" <other@mail> ", "image/jpeg", b"JPEG"))
    assert inline_pictures(raw, {"logo@mail"}) == {"logo@mail": ("image/png", PNG)}
    assert set(inline_pictures(raw, {"logo@mail", "other@mail", "none"})) == {"logo@mail", "other@mail"}


def test_only_what_is_nothing_but_a_picture_is_given() -> None:
    kinds = ["image/svg+xml", "text/html", "application/pdf", "image/x-unknown"]
    raw = related(*((f"<{kind}>", kind, b"<script>") for kind in kinds))
    assert inline_pictures(raw, set(kinds)) == {}


def test_of_two_with_one_id_the_first_is_meant_and_too_many_bytes_are_left_out() -> None:
    big = bytes(inline.MOST_BYTES - 1)
    raw = related(("<a>", "image/png", PNG), ("<a>", "image/png", b"x"), ("<b>", "image/png", big))
    assert inline_pictures(raw, {"a", "b"}) == {"a": ("image/png", PNG)}


def test_what_is_no_message_has_none() -> None:
    for raw in (b"", b"\x00", b"Content-Type: multipart/related\r\n\r\n--", PNG):
        assert inline_pictures(raw, {"a"}) == {}
