import pytest

from gmail import batch
from tests.gmail import gmail_wire


def parts(body: bytes, content_type: str = "multipart/mixed; boundary=batch_x") -> list[tuple[str, str, bytes]]:
    return list(batch.read(content_type, body))


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_parts_are_told_apart_by_content_id(end: str) -> None:
    reply = gmail_wire.batch({"b + 1": {"id": "y"}, "b + 0": gmail_wire.refusal(404, "notFound")}, end)
    (one, two) = parts(reply.body)
    assert (one[0], one[1]) == ("1", "200") and b'"y"' in one[2]
    assert (two[0], two[1]) == ("0", "404") and b"notFound" in two[2]


def test_a_quoted_boundary_and_lower_case_heads_are_understood() -> None:
    body = b"--a b\r\ncontent-id: <response-q + 3>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n\r\n--a b--"
    assert parts(body, 'multipart/mixed; boundary="a b"') == [("3", "204", b"")]


def test_a_cut_answer_gives_the_parts_that_are_whole() -> None:
    body = gmail_wire.batch({"b + 0": {"id": "x"}, "b + 1": {"id": "y"}}).body
    assert [id_ for id_, _, _ in parts(body[:-120])] == ["0"]


@pytest.mark.parametrize(
    "junk", [b"", b"<html>", b"--batch_x", b"--batch_x\r\n\r\n", b"--batch_x\r\nContent-ID: x\r\n\r\n"]
)
def test_junk_has_no_parts(junk: bytes) -> None:
    assert parts(junk) == []
    assert parts(junk, "text/html") == []


def test_a_request_names_only_paths_and_no_tokens() -> None:
    body = batch.write("B", {"0": "https://gmail.googleapis.com/gmail/v1/users/me/messages/x?format=raw&alt=json"})
    assert body.startswith(
        b"--B\r\nContent-Type: application/http\r\nContent-ID: <B + 0>\r\n\r\nGET /gmail/v1/users/me/"
    )
    assert body.endswith(b"--B--\r\n")
    assert b"format=raw&alt=json HTTP/1.1\r\n" in body
    assert b"authorization" not in body.lower()


def test_a_part_takes_nothing_from_the_one_behind_it() -> None:
    whole = b"Content-ID: <b + 1>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{}\r\n"
    headless, cut = b"Content-ID: <b + 0>", b"Content-ID: <b + 0>\r\n\r\nHTTP/1.1 200 OK"
    for broken in (headless, cut):
        body = b"--batch_x\r\n" + broken + b"\r\n--batch_x\r\n" + whole + b"--batch_x--"
        assert parts(body)[-1] == ("1", "200", b"{}")
        assert all(content in (b"", b"{}") for _, _, content in parts(body))
