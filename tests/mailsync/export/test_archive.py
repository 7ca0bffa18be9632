"""A zip that flows."""

import io
import json
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from mailsync.export import archive as writer
from mailsync.export.archive import MISSING, archive
from mailsync.export.originals import Found, Missing
from mailsync.export.place import LABELS
from tests.mailsync.export.mail import message, original

ADDRESSES = {1: "ada@example.com", 2: "../evil"}


def test_every_file_is_exact_and_beside_them_stand_labels_and_what_is_missing() -> None:
    found: list[Found] = [
        original(b"Subject: x\r\n\r\ny", "1"),
        Missing(message("2"), "gone"),
        original(b"z", "3", account_id=2, internal_date=datetime(1969, 1, 1, tzinfo=UTC), subject="/../a"),
    ]
    with zipfile.ZipFile(io.BytesIO(b"".join(archive(found, {}, ADDRESSES)))) as read:
        assert read.testzip() is None
        content = {name: read.read(name) for name in read.namelist()}
    first, old = "ada@example.com/2026/03/2026-03-07_040506_Hello_1.eml", "_evil/1969/01/1969-01-01_000000_a_3.eml"
    assert list(content) == [first, old, LABELS, MISSING]
    assert (content[first], content[old]) == (b"Subject: x\r\n\r\ny", b"z")
    assert content[MISSING] == b"2 gone\n"
    assert [json.loads(line)["file"] for line in content[LABELS].decode().splitlines()] == [first, old]


def test_it_begins_with_the_first_message_and_needs_no_more_memory_for_thousands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(writer, "IN_MEMORY", 10_000)

    def mails(count: int) -> Iterator[Found]:
        for number in range(count):
            yield original(b"x" * 2_000, f"{number:016x}")

    def peak(count: int) -> int:
        tracemalloc.start()
        pieces = archive(mails(count), {}, ADDRESSES)
        assert next(pieces).startswith(b"PK")
        for _ in pieces:
            pass
        _, found = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return found

    # At 400 bytes an entry it would be 400,000 more.
    assert peak(1_500) < peak(500) + 200_000
