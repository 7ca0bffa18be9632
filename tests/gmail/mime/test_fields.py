import pytest

from gmail.mime import fields


def split(data: bytes) -> tuple[list[tuple[str, bytes]], bytes, set[str]]:
    defects: set[str] = set()
    head = fields.split(data, 0, len(data), defects)
    return list(head.fields), data[head.body_start :], defects


@pytest.mark.parametrize(
    ("data", "found", "body"),
    [
        (b"A: 1\nB: 2\n\nbody", [("A", b" 1"), ("B", b" 2")], b"body"),
        (b"A: 1\r\n\r\n\r\nbody", [("A", b" 1")], b"\r\nbody"),
        (b"A: 1\n folded\n\tagain\n\n", [("A", b" 1\n folded\n\tagain")], b""),
        (b"A : 1\n\nx", [("A", b" 1")], b"x"),
        (b"A:\n\nx", [("A", b"")], b"x"),
        (b"A: 1", [("A", b" 1")], b""),
        (b"From x@y Thu Jan  1\nA: 1\n\nx", [("A", b" 1")], b"x"),
        (b"\nbody", [], b"body"),
        (b"", [], b""),
    ],
)
def test_a_head_ends_at_the_first_empty_line(data: bytes, found: list[tuple[str, bytes]], body: bytes) -> None:
    assert split(data) == (found, body, set())


@pytest.mark.parametrize("line", [b"no colon", b"two words: x", b": nameless", b" leading blank", b"\xff: x"])
def test_a_line_that_is_no_field_begins_the_body(line: bytes) -> None:
    body = line + b"\nmore"
    if not line.startswith(b" "):
        assert split(b"A: 1\n" + body) == ([("A", b" 1")], body, {"head_unseparated"})
    assert split(body) == ([], body, {"head_unseparated"})


def test_the_first_of_equal_fields_counts() -> None:
    head = fields.split(b"Subject: one\nSUBJECT: two\n\n", 0, 27, set())
    assert head.first("subject") == b" one"
    assert head.first("absent") is None


def test_too_many_fields_are_cut_and_the_body_is_found_all_the_same() -> None:
    found, body, defects = split(b"A: b\n" * 5000 + b"\nbody")
    assert (len(found), body, defects) == (fields.MOST_FIELDS, b"body", {"head_truncated"})


def test_a_long_field_is_cut() -> None:
    found, body, _ = split(b"A: " + b"x" * (2 * fields.LONGEST_FIELD) + b"\n\nbody")
    assert len(found[0][1]) <= fields.LONGEST_FIELD
    assert body == b"body"
