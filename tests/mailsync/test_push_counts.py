"""Counts of pushes: exact, and no reason to fail or to wait."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from mailsync import push_counts
from mailsync.push_counts import ACCEPTED, FORGED, Counts
from tests.committed import at_once


@pytest.fixture(autouse=True)
def forgotten(settings: Any) -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.delete(push_counts.KEY)
    yield client
    push_counts._client.cache_clear()
    client.delete(push_counts.KEY)
    client.close()


def test_every_process_adds_to_the_same_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push_counts, "PATIENCE", 30.0)  # a busy machine is no Redis that is away
    push_counts._client.cache_clear()
    one, two = Counts(), Counts()
    adds = [lambda: one.add(ACCEPTED), lambda: two.add(ACCEPTED), lambda: one.add(FORGED + "time")] * 20
    assert at_once(adds) == [None] * 60
    assert push_counts.read() == {ACCEPTED: 40, FORGED + "time": 20}
    assert push_counts.forged(push_counts.read()) == 20


def test_two_that_come_first_at_once_do_not_cut_each_other_off(settings: Any) -> None:
    """Each makes a client then, and one of the two is thrown away while its connection is in use."""
    client = push_counts._client.__wrapped__(settings.REDIS_URL)
    in_use = client.connection_pool.get_connection()
    in_use.connect()
    del client
    gc.collect()
    assert in_use._sock is not None
    in_use.disconnect()


def test_what_comes_while_redis_is_away_is_told_later(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    good, counts = settings.REDIS_URL, Counts()
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    for _ in range(3):
        counts.add(ACCEPTED)
    settings.REDIS_URL = good
    counts.add(ACCEPTED)
    assert push_counts.read() == {}, "it asks again only after a while"
    counts._broken_until = 0.0
    counts.add(ACCEPTED)
    assert push_counts.read() == {ACCEPTED: 5}
