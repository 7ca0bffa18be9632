from gmail.mime import tree


def ids(raw: bytes) -> list[tuple[str, str]]:
    return [(entity.part_id, entity.mime_type) for entity in tree.Parser(raw).read().walk()]


def content(raw: bytes) -> list[bytes]:
    parser = tree.Parser(raw)
    return [parser.source[entity.start : entity.end] for entity in parser.read().walk() if not entity.children]


def multipart(boundary: str, *parts: bytes) -> bytes:
    head = f"Content-Type: multipart/mixed; boundary={boundary}\n\n".encode()
    return (
        head + b"".join(b"--%s\n%s\n" % (boundary.encode(), part) for part in parts) + b"--%s--\n" % boundary.encode()
    )


def test_parts_are_numbered_as_gmail_does() -> None:
    raw = multipart("a", multipart("b", b"\none", b"\ntwo"), b"\nthree", multipart("c", multipart("d", b"\nfour")))
    assert ids(raw) == [
        ("", "multipart/mixed"),
        ("0", "multipart/mixed"),
        ("0.0", "text/plain"),
        ("0.1", "text/plain"),
        ("1", "text/plain"),
        ("2", "multipart/mixed"),
        ("2.0", "multipart/mixed"),
        ("2.0.0", "text/plain"),
    ]
    assert content(raw) == [b"one", b"two", b"three", b"four"]


def test_a_delimiter_stands_at_the_start_of_a_line_and_fills_it() -> None:
    assert content(multipart("a", b"\nx --a\n--abc\n--a c")) == [b"x --a\n--abc\n--a c"]


def test_blanks_after_a_delimiter_do_not_matter() -> None:
    raw = b"Content-Type: multipart/mixed; boundary=a\n\n--a \t\r\n\r\none\r\n--a-- \nignored"
    assert content(raw) == [b"one"]


def test_the_line_end_before_a_delimiter_belongs_to_it() -> None:
    assert content(multipart("a", b"\none\n", b"\n")) == [b"one\n", b""]


def test_an_inner_part_does_not_outlive_its_parent() -> None:
    inner = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nunclosed"
    raw = multipart("a", inner, b"\nnext")
    assert content(raw) == [b"unclosed", b"next"]


def test_one_boundary_may_begin_with_another() -> None:
    raw = multipart("a", multipart("ab", b"\none", b"\ntwo"), b"\nthree")
    assert content(raw) == [b"one", b"two", b"three"]


def test_a_content_type_that_is_none_is_text() -> None:
    for value in (b"text", b"/", b"a/b/c d", b"", b"\xff/x"):
        assert ids(b"Content-Type: " + value + b"\n\nx") == [("", "text/plain")]


def test_depth_and_parts_are_bounded() -> None:
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(300))
    parser = tree.Parser(deep)
    assert sum(1 for _ in parser.read().walk()) == tree.DEEPEST + 1
    assert "too_deep" in parser.defects
    parser = tree.Parser(b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\n\nx\n" * 5000)
    assert sum(1 for _ in parser.read().walk()) == tree.MOST_PARTS + 1
    assert "too_many_parts" in parser.defects
