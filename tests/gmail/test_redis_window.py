import itertools
import random
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from gmail.ledgers import Ledgers
from gmail.local_window import LocalWindow
from gmail.priority import Priority
from gmail.redis_window import RedisWindow
from tests.gmail.spends import fullest_minute
from tests.gmail.turned import clock_of

LIMIT = 6000
ALLOWED = 5940
BATCH = 500
GETS = range(20, 520, 20)
FAR = 3000.0


def window(shared: redis.Redis, identity: str = "a@example.com", **options: Any) -> RedisWindow:
    settings = {"user_limit": LIMIT, "project": "p", "project_limit": 0, "priority": Priority.INTERACTIVE}
    settings |= {"ledgers": Ledgers(LIMIT)} | options
    return RedisWindow(shared, identity, **settings)


def wait(bucket: RedisWindow, units: int, max_wait: float = FAR) -> float:
    return bucket.reserve([units], max_wait=max_wait).wait


def reserve(bucket: RedisWindow, units: int, times: int) -> list[tuple[float, int]]:
    """Reserve one after the other without waiting; when each may be spent."""
    return [(time.time() + wait(bucket, units), units) for _ in range(times)]


def test_the_first_minutes_allowance_goes_at_once(shared: redis.Redis) -> None:
    bucket = window(shared)
    assert [wait(bucket, 20, 0) for _ in range(ALLOWED // 20)] == [0.0] * 297
    assert wait(bucket, 20, 0) > 55


def test_no_minute_holds_more_than_99_percent(shared: redis.Redis) -> None:
    assert fullest_minute(reserve(window(shared), BATCH, 80)) <= ALLOWED


def test_after_the_first_minute_spends_come_evenly(shared: redis.Redis) -> None:
    bucket = window(shared)
    waits = [bucket.reserve(GETS, max_wait=FAR).wait for _ in range(40)]
    pauses = [b - a for a, b in itertools.pairwise(waits[13:])]
    assert max(pauses) <= 5.5
    assert sum(pause < 4 for pause in pauses) <= 5


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
    dice = random.Random(4)
    bucket, twin = window(shared, user_limit=1000), LocalWindow(1000)
    for _ in range(80):
        choices = list(itertools.accumulate(dice.choices((5, 20, 40), k=dice.randint(1, 25))))
        mine, its = twin.reserve(choices, max_wait=FAR), bucket.reserve(choices, max_wait=FAR)
        assert mine.wait == pytest.approx(its.wait, abs=0.3)
        assert mine.units == its.units
        if dice.random() < 0.1:
            twin.give_back(mine)
            bucket.give_back(its)


def test_the_project_is_one_window_for_all_mailboxes(shared: redis.Redis) -> None:
    spends = []
    for number in range(6):
        bucket = window(shared, f"{number}@example.com", project_limit=10_000)
        spends += reserve(bucket, BATCH, 8)
    assert fullest_minute(spends) <= 9900
    assert min(at for at, _ in spends[-8:]) > time.time() + 55


def test_a_spend_reserved_far_ahead_leaves_room_for_another_mailbox_before_it(shared: redis.Redis) -> None:
    reserve(window(shared, "busy@example.com", user_limit=1000, project_limit=10_000), BATCH, 12)
    assert wait(window(shared, "idle@example.com", project_limit=10_000), BATCH, 0) == 0.0


def test_a_wait_that_is_too_long_takes_nothing(shared: redis.Redis) -> None:
    bucket = window(shared)
    wait(bucket, ALLOWED, 0)
    first = wait(bucket, BATCH, 1)
    assert wait(bucket, BATCH, 1) == pytest.approx(first, abs=1)


def test_a_penalty_is_shared_by_all_processes_of_the_mailbox(shared: redis.Redis) -> None:
    window(shared).penalise(30)
    window(shared).penalise(5)
    assert 29 <= wait(window(shared), 1, 60) <= 30
    assert wait(window(shared, "other@example.com"), 1, 60) == 0.0


def test_what_is_spent_after_a_penalty_counts_from_then(shared: redis.Redis) -> None:
    bucket = window(shared)
    bucket.penalise(30)
    wait(bucket, ALLOWED, FAR)
    assert 89 <= wait(bucket, BATCH, FAR) <= 91


def test_a_penalty_holds_without_any_limit(shared: redis.Redis) -> None:
    bucket = window(shared, user_limit=0, ledgers=Ledgers(0))
    bucket.penalise(30)
    assert 29 <= wait(bucket, 1, 60) <= 30


def test_a_clock_that_was_a_day_ahead_and_is_set_right_keeps_nobody_waiting(shared: redis.Redis) -> None:
    with clock_of(shared) as turn:
        turn(86_400)
        bucket = window(shared, project_limit=100_000)
        for _ in range(30):
            wait(bucket, BATCH)
        bucket.penalise(30)
        other = window(shared, "b@example.com", project_limit=100_000, priority=Priority.BACKFILL)
        turn(0)
        shared.hset(next(key for key in shared.scan_iter() if b"memory" in key), "gathers", 1)
        assert wait(window(shared, project_limit=100_000), BATCH) == wait(other, 20) == 0.0


@pytest.mark.parametrize("limit", [1, 2, 15])
def test_a_limit_below_the_price_of_a_message_paces_a_backfill_too(shared: redis.Redis, limit: int) -> None:
    bucket = window(shared, user_limit=limit, priority=Priority.BACKFILL)
    assert bucket.reserve([20], max_wait=0).units == 20
    assert bucket.reserve([20], max_wait=0).wait > 30


def test_nothing_stays_in_redis_for_long(shared: redis.Redis) -> None:
    reserve(window(shared, project_limit=100_000), 20, 400)
    window(shared).penalise(30)
    assert len(shared.keys()) == 5
    assert all(0 < shared.pttl(key) <= 360_000 for key in shared.scan_iter())


def test_slots_older_than_two_minutes_are_swept(shared: redis.Redis) -> None:
    bucket = window(shared)
    wait(bucket, 20, 0)
    (key,) = [name for name in shared.scan_iter() if b"user" in name]
    shared.hset(key, mapping={str(slot): 5 for slot in range(1000, 3000)})
    assert wait(bucket, 20, 0) == 0.0
    assert shared.hlen(key) <= 3


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
    ledgers = Ledgers(LIMIT)
    wait(window(shared, ledgers=ledgers), ALLOWED, 0)
    assert wait(window(absent, ledgers=ledgers), BATCH, 0) > 55


def test_a_backfill_rests_while_redis_is_away(absent: redis.Redis) -> None:
    grant = window(absent, priority=Priority.BACKFILL).reserve(GETS, max_wait=FAR)
    assert grant.units == 0 and grant.wait > 0


def test_what_is_given_back_may_be_spent_by_another(shared: redis.Redis) -> None:
    bucket = window(shared, project_limit=LIMIT)
    grant = bucket.reserve([ALLOWED], max_wait=0)
    bucket.give_back(grant)
    assert window(shared, project_limit=LIMIT).reserve([ALLOWED], max_wait=0).units == ALLOWED


def test_how_many_parts_gmail_bore_is_known_to_all_for_ten_minutes(shared: redis.Redis, absent: redis.Redis) -> None:
    assert window(shared).ceiling() is None
    window(shared).keep_ceiling(12)
    assert window(shared).ceiling() == 12
    assert window(shared, "other@example.com").ceiling() is None
    (key,) = [name for name in shared.scan_iter() if b"parts" in name]
    assert 590 < shared.ttl(key) <= 600
    assert window(absent).ceiling() is None


class TestARedisThatForgot:
    """It knows nothing of this minute, so those who do tell it, and nobody spends until they had the time."""

    def others(self, shared: redis.Redis) -> tuple[RedisWindow, RedisWindow]:
        """The same mailbox in two processes; the first spent a whole minute, the second on another mailbox."""
        spender, other = Ledgers(LIMIT), Ledgers(LIMIT)
        wait(window(shared, ledgers=spender), ALLOWED)
        wait(window(shared, "b@example.com", ledgers=other), BATCH)
        shared.flushall()
        return window(shared, ledgers=spender), window(shared, ledgers=other)

    def test_nobody_spends_before_all_had_time_to_tell(self, shared: redis.Redis) -> None:
        for bucket in self.others(shared):
            grant = bucket.reserve(GETS, max_wait=FAR)
            assert grant.units == 0 and 5 < grant.wait <= 6

    def test_it_knows_then_what_each_of_them_knew(self, shared: redis.Redis) -> None:
        spender, other = self.others(shared)
        for bucket in (spender, other):
            bucket.reserve(GETS, max_wait=FAR)
        self.six_seconds_later(shared)
        assert wait(other, BATCH) > 55
        again = window(shared, "b@example.com").reserve([ALLOWED], max_wait=0)
        assert again.units == 0 and again.wait > 55

    def test_a_penalty_is_told_as_well(self, shared: redis.Redis) -> None:
        ledgers = Ledgers(LIMIT)
        bucket = window(shared, ledgers=ledgers)
        wait(bucket, 20)
        bucket.penalise(30)
        shared.flushall()
        bucket.reserve([20], max_wait=FAR)
        self.six_seconds_later(shared)
        assert 28 < wait(window(shared), 20) <= 30

    def test_a_system_that_begins_anew_waits_for_nobody(self, shared: redis.Redis) -> None:
        self.others(shared)
        assert wait(window(shared), BATCH) == 0.0

    @staticmethod
    def six_seconds_later(shared: redis.Redis) -> None:
        (memory,) = [name for name in shared.scan_iter() if b"memory" in name]
        shared.hset(memory, "born", 0)
