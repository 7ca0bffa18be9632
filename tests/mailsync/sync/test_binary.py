from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from mailsync.sync import binary

pytestmark = pytest.mark.django_db


def test_bytes_of_every_kind_arrive_as_they_are() -> None:
    sent = [bytes(range(256)), b"", b"\x00" * 3, b'{},"NULL\\']
    with binary.cursor() as cursor:
        cursor.execute("SELECT array_agg(part ORDER BY place) FROM unnest(%(parts)b::bytea[]) WITH ORDINALITY"
                       " AS sent (part, place)", {"parts": sent})  # fmt: skip
        (came,) = cursor.fetchone()
    assert [bytes(part) for part in came] == sent


def test_it_works_in_the_transaction_of_everybody_else() -> None:
    with connection.cursor() as one, binary.cursor() as other:
        one.execute("SELECT pg_current_xact_id()::text")
        other.execute("SELECT pg_current_xact_id()::text")
        assert one.fetchone() == other.fetchone()


def test_who_watches_statements_sees_these_too() -> None:
    seen: list[str] = []

    def watch(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        seen.append(sql)
        return execute(sql, *arguments)

    with connection.execute_wrapper(watch), binary.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert seen == ["SELECT 1"]
