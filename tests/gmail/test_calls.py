import time
from collections.abc import Callable

import pytest

from gmail.calls import Calls
from gmail.errors import NotFound, RateLimited, Transient
from gmail.quota import Unlimited


class Bucket:
    def __init__(self, delay: float = 0.0, largest: int | None = None) -> None:
        self.delay = delay
        self.largest = largest
        self.reserved: list[int] = []
        self.penalties: list[float] = []

    def reserve(self, units: int, *, max_wait: float) -> float:
        self.reserved.append(units)
        return self.delay

    def penalise(self, seconds: float) -> None:
        self.penalties.append(seconds)


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
    assert made.repeat(60, raising()) == "answer"
    assert bucket.reserved == [60]
    assert waits == [(3.5, "quota")]
    assert (made.units, made.requests) == (60, 1)


def test_a_wait_that_is_too_long_is_an_error_with_its_end() -> None:
    made = calls(Bucket(delay=61.0))
    with pytest.raises(RateLimited) as caught:
        made.repeat(20, raising())
    assert caught.value.scope == "own"
    assert caught.value.retry_at == pytest.approx(time.time() + 61, abs=5)
    assert (made.units, made.requests) == (0, 0)


def test_each_repetition_is_paid_for() -> None:
    bucket, waits = Bucket(), []  # type: ignore[var-annotated]
    assert calls(bucket, waits).repeat(1, raising(Transient(""), Transient(""), Transient(""))) == "answer"
    assert bucket.reserved == [1, 1, 1, 1]
    assert [reason for _, reason in waits] == ["backoff"] * 3
    assert all(0 <= seconds <= limit for (seconds, _), limit in zip(waits, (1, 2, 4), strict=True))


@pytest.mark.parametrize("error", [NotFound(""), ValueError("a bug")])
def test_other_errors_are_not_repeated(error: Exception) -> None:
    bucket = Bucket()
    with pytest.raises(type(error)):
        calls(bucket).repeat(1, raising(error))
    assert bucket.reserved == [1]


def test_a_refusal_of_google_is_shared_with_all_who_spend_on_the_mailbox() -> None:
    bucket = Bucket()
    with pytest.raises(RateLimited):
        calls(bucket).repeat(1, raising(RateLimited("", retry_at=time.time() + 30)))
    assert 29 <= bucket.penalties[0] <= 31


def test_an_unknown_method_costs_as_much_as_the_dearest() -> None:
    assert calls(Bucket()).price("new") == 20


@pytest.mark.parametrize(
    ("largest", "units", "expected"),
    [(None, 500, 500), (5940, 500, 495), (5940, 60, 60), (99, 500, 99), (19, 500, 19), (40, 500, 40), (10, 0, 0)],
)
def test_payments_fill_a_minute_evenly(largest: int | None, units: int, expected: int) -> None:
    assert calls(Bucket(largest=largest)).affordable(units) == expected
