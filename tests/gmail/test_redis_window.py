import itertools
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from gmail.priority import Priority
from gmail.redis_window import RedisWindow
from gmail.window import LocalWindow
from tests.gmail.spends import fullest_minute

LIMIT = 6000
ALLOWED = 5940
BATCH = 500
FAR = 3000.0


def window(shared: redis.Redis, identity: str = "a@example.com", **options: Any) -> RedisWindow:
    settings = {"user_limit": LIMIT, "project": "p", "project_limit": 0, "priority": Priority.INTERACTIVE}
    settings |= {"fallback": LocalWindow(settings["user_limit"])} | options
    return RedisWindow(shared, identity, **settings)


def reserve(bucket: RedisWindow, units: int, times: int) -> list[tuple[float, int]]:
    """Reserve one after the other without waiting; when each may be spent."""
    return [(time.time() + bucket.reserve(units, max_wait=FAR), units) for _ in range(times)]


def test_the_first_minutes_allowance_goes_at_once(shared: redis.Redis) -> None:
    bucket = window(shared)
    assert [bucket.reserve(20, max_wait=0) for _ in range(ALLOWED // 20)] == [0.0] * 297
    assert bucket.reserve(20, max_wait=0) > 55


def test_no_minute_holds_more_than_99_percent(shared: redis.Redis) -> None:
    assert fullest_minute(reserve(window(shared), BATCH, 80)) <= ALLOWED


def test_after_the_first_minute_spends_come_evenly(shared: redis.Redis) -> None:
    times = [at for at, _ in reserve(window(shared), BATCH, 40)]
    later = [b - a for a, b in itertools.pairwise(times[15:])]
    assert min(later) >= 5 and max(later) <= 6.5


def test_all_processes_spend_from_one_window(shared: redis.Redis) -> None:
    spends: list[tuple[float, int]] = []
    threads = [threading.Thread(target=lambda: spends.extend(reserve(window(shared), 130, 25))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(spends) == 150
    assert fullest_minute(spends) <= ALLOWED


def test_it_reckons_as_the_window_of_one_process_does(shared: redis.Redis) -> None:
    """The script and gmail.window are one rule in two languages."""
    bucket, twin = window(shared, user_limit=1000), LocalWindow(1000)
    for units in (100, 900, 20, 500, 3, 990, 40, 40, 40, 777, 1):
        assert bucket.reserve(units, max_wait=FAR) == pytest.approx(twin.reserve(units, max_wait=FAR), abs=0.6)


def test_the_project_is_one_window_for_all_mailboxes(shared: redis.Redis) -> None:
    spends = []
    for number in range(6):
        bucket = window(shared, f"{number}@example.com", project_limit=10_000)
        spends += reserve(bucket, BATCH, 8)
    assert fullest_minute(spends) <= 9900
    assert min(at for at, _ in spends[-8:]) > time.time() + 55


def test_a_spend_reserved_far_ahead_leaves_room_for_another_mailbox_before_it(shared: redis.Redis) -> None:
    reserve(window(shared, "busy@example.com", user_limit=1000, project_limit=10_000), BATCH, 12)
    assert window(shared, "idle@example.com", project_limit=10_000).reserve(BATCH, max_wait=0) == 0.0


def test_a_scheduled_pass_leaves_part_of_the_project_to_those_who_wait(shared: redis.Redis) -> None:
    scheduled = window(shared, user_limit=0, project_limit=1000, priority=Priority.SCHEDULED)
    assert [scheduled.reserve(99, max_wait=0) for _ in range(7)] == [0.0] * 7
    assert scheduled.reserve(99, max_wait=0) > 55
    assert window(shared, "b", user_limit=0, project_limit=1000).reserve(99, max_wait=0) == 0.0


def test_a_wait_that_is_too_long_takes_nothing(shared: redis.Redis) -> None:
    bucket = window(shared)
    bucket.reserve(ALLOWED, max_wait=0)
    first = bucket.reserve(BATCH, max_wait=1)
    assert bucket.reserve(BATCH, max_wait=1) == pytest.approx(first, abs=1)


def test_a_penalty_is_shared_by_all_processes_of_the_mailbox(shared: redis.Redis) -> None:
    window(shared).penalise(30)
    window(shared).penalise(5)
    assert 29 <= window(shared).reserve(1, max_wait=60) <= 30
    assert window(shared, "other@example.com").reserve(1, max_wait=60) == 0.0


def test_what_is_spent_after_a_penalty_counts_from_then(shared: redis.Redis) -> None:
    bucket = window(shared)
    bucket.penalise(30)
    bucket.reserve(ALLOWED, max_wait=FAR)
    assert 89 <= bucket.reserve(BATCH, max_wait=FAR) <= 91


def test_a_penalty_holds_without_any_limit(shared: redis.Redis) -> None:
    bucket = window(shared, user_limit=0, fallback=LocalWindow(0))
    assert bucket.largest is None
    bucket.penalise(30)
    assert 29 <= bucket.reserve(1, max_wait=60) <= 30


def test_nothing_stays_in_redis_for_long(shared: redis.Redis) -> None:
    reserve(window(shared, project_limit=100_000), 20, 400)
    window(shared).penalise(30)
    assert len(shared.keys()) == 3
    assert all(0 < shared.pttl(key) <= 360_000 for key in shared.scan_iter())


def test_slots_older_than_two_minutes_are_swept(shared: redis.Redis) -> None:
    bucket = window(shared)
    bucket.reserve(20, max_wait=0)
    (key,) = shared.keys()
    shared.hset(key, mapping={str(slot): 5 for slot in range(1000, 3000)})
    assert bucket.reserve(20, max_wait=0) == 0.0
    assert shared.hlen(key) <= 2


@pytest.fixture
def absent(tmp_path: Any) -> Iterator[redis.Redis]:
    connection = redis.Redis(unix_socket_path=str(tmp_path / "none"), socket_connect_timeout=1, retry=None)
    yield connection
    connection.close()


def test_while_redis_is_away_the_process_paces_itself(absent: redis.Redis, caplog: pytest.LogCaptureFixture) -> None:
    bucket = window(absent)
    spends = reserve(bucket, BATCH, 30)
    assert fullest_minute(spends) <= ALLOWED
    assert [record.message for record in caplog.records] == [
        "Redis is away (ConnectionError): this process paces Gmail calls by itself"
    ]


def test_losing_redis_grants_no_second_allowance(shared: redis.Redis, absent: redis.Redis) -> None:
    fallback = LocalWindow(LIMIT)
    window(shared, fallback=fallback).reserve(ALLOWED, max_wait=0)
    assert window(absent, fallback=fallback).reserve(BATCH, max_wait=0) > 55
