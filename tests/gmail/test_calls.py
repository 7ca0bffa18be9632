import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from gmail.calls import Calls
from gmail.errors import NotFound, RateLimited, Transient
from gmail.exchange import Exchange
from gmail.quota import Grant, Unlimited
from tests.gmail.buckets import Bucket


def calls(bucket: Bucket | Unlimited, waits: list[tuple[float, str]] | None = None) -> Calls:
    heard = [] if waits is None else waits
    return Calls(bucket, {"a": 20, "b": 1}, lambda *pause: heard.append(pause), max_wait=60.0)


def raising(*errors: Exception) -> Callable[[], str]:
    left = list(errors)

    def send() -> str:
        if left:
            raise left.pop(0)
        return "answer"

    return send


def test_units_are_reserved_before_and_waited_for() -> None:
    bucket, waits = Bucket(delay=3.5), []  # type: ignore[var-annotated]
    made = calls(bucket, waits)
    assert made.repeat(60, raising(), "a") == "answer"
    assert bucket.reserved == [60]
    assert waits == [(3.5, "quota")]
    assert (made.units, made.requests) == (60, 1)


def test_a_wait_that_is_too_long_is_an_error_with_its_end() -> None:
    made = calls(Bucket(delay=61.0))
    with pytest.raises(RateLimited) as caught:
        made.repeat(20, raising(), "a")
    assert caught.value.scope == "own"
    assert caught.value.retry_at == pytest.approx(time.time() + 61, abs=5)
    assert (made.units, made.requests) == (0, 0)


def test_each_repetition_is_paid_for() -> None:
    bucket, waits = Bucket(), []  # type: ignore[var-annotated]
    assert calls(bucket, waits).repeat(1, raising(Transient(""), Transient(""), Transient("")), "a") == "answer"
    assert bucket.reserved == [1, 1, 1, 1]
    assert [reason for _, reason in waits] == ["backoff"] * 3
    assert all(0 <= seconds <= limit for (seconds, _), limit in zip(waits, (1, 2, 4), strict=True))


@pytest.mark.parametrize("error", [NotFound(""), ValueError("a bug")])
def test_other_errors_are_not_repeated(error: Exception) -> None:
    bucket = Bucket()
    with pytest.raises(type(error)):
        calls(bucket).repeat(1, raising(error), "a")
    assert bucket.reserved == [1]


def test_a_refusal_of_google_is_shared_with_all_who_spend_on_the_mailbox() -> None:
    bucket = Bucket()
    with pytest.raises(RateLimited):
        calls(bucket).repeat(1, raising(RateLimited("", retry_at=time.time() + 30)), "a")
    assert 29 <= bucket.penalties[0] <= 31


def test_an_unknown_method_costs_as_much_as_the_dearest() -> None:
    assert calls(Bucket()).price("new") == 20


def test_as_much_is_paid_as_there_is_room_for() -> None:
    bucket = Bucket(room=70)
    made = calls(bucket)
    assert made.repeat_some([20, 40, 60, 80, 100], lambda paid: (paid.parts, paid.units), "batch") == (3, 60)
    assert (made.units, made.requests) == (60, 1)


def test_a_wait_that_is_broken_off_gives_back_what_it_waited_for() -> None:
    def broken_off(seconds: float, reason: str) -> None:
        raise KeyboardInterrupt

    bucket = Bucket(delay=5)
    made = Calls(bucket, {}, broken_off, max_wait=60.0)
    with pytest.raises(KeyboardInterrupt):
        made.repeat(20, raising(), "a")
    assert bucket.returned == [20]
    assert (made.units, made.requests) == (0, 0)


class Oversleeping:
    """A clock whose first sleep takes a second too long."""

    def __init__(self) -> None:
        self.now, self.extra = 0.0, 1.0

    def sleep(self, seconds: float, reason: str) -> None:
        self.now += seconds + self.extra
        self.extra = 0.0


def test_who_oversleeps_gives_its_place_back_and_asks_anew() -> None:
    bucket, clock = Bucket(delay=5), Oversleeping()
    made = Calls(bucket, {}, clock.sleep, max_wait=60.0, clock=lambda: clock.now)
    assert made.repeat(20, raising(), "a") == "answer"
    assert (bucket.reserved, bucket.returned) == ([20, 20], [20])
    assert (made.units, made.requests, clock.now) == (20, 1, 11.0)


class Closed(Bucket):
    """Grants nothing, and says to come again in ten seconds."""

    def reserve(self, choices: Sequence[int], *, max_wait: float) -> Grant:
        return Grant(0, 10.0)


def test_who_is_told_to_come_again_does_so_within_its_patience() -> None:
    waits: list[tuple[float, str]] = []
    made = calls(Closed(), waits)
    with pytest.raises(RateLimited) as caught:
        made.repeat(20, raising(), "a")
    assert caught.value.scope == "own"
    assert waits == [(10.0, "quota")] * 6


def test_each_exchange_is_observed_with_how_it_ended() -> None:
    seen: list[Exchange] = []

    @contextmanager
    def observe(exchange: Exchange) -> Iterator[None]:
        try:
            yield
        finally:
            seen.append(exchange)

    away, limited = Transient(""), RateLimited("", retry_at=time.time() + 30)
    away.status = 503
    made = Calls(Bucket(), {}, lambda *pause: None, max_wait=60.0, observe=observe)
    made.repeat(20, raising(away, Transient("")), "messages.get")
    with pytest.raises(RateLimited):
        made.repeat_some([5, 10], lambda paid: raising(limited)(), "batch")
    assert [(each.method, each.parts, each.units, each.status) for each in seen] == [
        ("messages.get", 1, 20, 503),
        ("messages.get", 1, 20, 0),
        ("messages.get", 1, 20, 200),
        ("batch", 2, 10, 0),
    ]
