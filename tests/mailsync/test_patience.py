"""A Postgres that hangs keeps nobody who asks."""

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from django.db import connection

from mailsync import patience

pytestmark = pytest.mark.django_db


@pytest.fixture
def line() -> Iterator[psycopg.Connection]:
    with closing(psycopg.connect(**connection.get_connection_params(), autocommit=True)) as made:
        yield made


def test_who_waits_too_long_for_an_answer_is_let_go(line: psycopg.Connection) -> None:
    with pytest.raises(psycopg.OperationalError), patience.cut_after(0.1, line):
        line.execute("SELECT pg_sleep(1)")
    assert line.closed


def test_who_has_an_answer_in_time_keeps_the_connection(line: psycopg.Connection) -> None:
    with patience.cut_after(60, line):
        line.execute("SELECT 1")
    assert not line.closed and patience.answers()


def test_only_the_check_of_a_pool_has_to_be_answered_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "TO_ANSWER", 0.05)
    with closing(patience.Impatient.connect(**connection.get_connection_params(), autocommit=True)) as kept:
        kept.execute("SELECT pg_sleep(0.2)")
        assert not kept.closed


def test_a_server_that_refuses_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "PORT", 9)
    assert not patience.answers()
