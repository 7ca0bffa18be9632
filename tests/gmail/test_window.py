import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from gmail.window import LocalWindow
from tests.gmail.spends import fullest_minute

LIMIT = 6000
ALLOWED = 5940
BATCH = 500


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def spend(window: LocalWindow, clock: Clock, units: int, *, max_wait: float = 600.0) -> float:
    """Spend as a client does; the time of the spend."""
    wait = window.reserve(units, max_wait=max_wait)
    assert wait <= max_wait
    clock.now += wait
    return clock.now


def test_the_first_minutes_allowance_goes_at_once() -> None:
    window = LocalWindow(LIMIT, Clock())
    assert [window.reserve(20, max_wait=0) for _ in range(ALLOWED // 20)] == [0.0] * 297


def test_no_minute_holds_more_than_99_percent() -> None:
    clock = Clock()
    window = LocalWindow(LIMIT, clock)
    spends = [(spend(window, clock, BATCH), BATCH) for _ in range(60)]
    assert fullest_minute(spends) <= ALLOWED


def test_almost_all_of_the_limit_is_used_in_the_long_run() -> None:
    clock = Clock()
    window = LocalWindow(LIMIT, clock)
    start, units = clock.now, 0
    while clock.now < start + 600:
        spend(window, clock, 20)
        units += 20
    assert 0.97 * LIMIT * 10 <= units <= LIMIT * 11


def test_after_the_first_minute_spends_come_evenly() -> None:
    clock = Clock()
    window = LocalWindow(LIMIT, clock)
    times = [spend(window, clock, BATCH) for _ in range(40)]
    later = [b - a for a, b in itertools.pairwise(times[15:])]
    assert max(later) - min(later) <= 1
    assert min(later) >= 5 and max(later) <= 6.5


def test_a_mailbox_at_rest_may_burst_again() -> None:
    clock = Clock()
    window = LocalWindow(LIMIT, clock)
    for _ in range(20):
        spend(window, clock, BATCH)
    clock.now += 121
    assert [window.reserve(BATCH, max_wait=0) for _ in range(11)] == [0.0] * 11


def test_a_wait_that_is_too_long_takes_nothing() -> None:
    clock = Clock()
    window = LocalWindow(LIMIT, clock)
    window.reserve(ALLOWED, max_wait=0)
    first = window.reserve(BATCH, max_wait=1)
    assert 59 < first <= 60.5
    assert window.reserve(BATCH, max_wait=1) == first


def test_a_penalty_keeps_everybody_waiting() -> None:
    clock = Clock()
    window = LocalWindow(0, clock)
    window.penalise(7.0)
    window.penalise(2.0)
    assert window.reserve(1, max_wait=60) == 7.0
    clock.now += 7
    assert window.reserve(1, max_wait=60) == 0.0


def test_what_is_spent_after_a_penalty_counts_from_then() -> None:
    window = LocalWindow(LIMIT, Clock())
    window.penalise(30)
    window.reserve(ALLOWED, max_wait=600)
    assert 89 <= window.reserve(BATCH, max_wait=600) <= 91


def test_without_a_limit_nothing_waits() -> None:
    window = LocalWindow(0, Clock())
    assert window.largest is None
    assert [window.reserve(10**6, max_wait=0) for _ in range(5)] == [0.0] * 5


def test_a_spend_above_the_allowance_waits_for_an_empty_minute() -> None:
    clock = Clock()
    window = LocalWindow(100, clock)
    assert window.largest == 99
    window.reserve(1, max_wait=0)
    assert 59 < window.reserve(5000, max_wait=600) <= 60.5


def test_what_was_granted_elsewhere_counts() -> None:
    clock = Clock()
    window = LocalWindow(LIMIT, clock)
    window.record(ALLOWED, delay=3.0)
    assert 62 < window.reserve(20, max_wait=600) <= 63.5


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 40), st.integers(1, 700)), min_size=1, max_size=60))
def test_any_order_of_spends_keeps_the_minute(steps: list[tuple[float, int]]) -> None:
    clock = Clock()
    window = LocalWindow(1000, clock)
    spends = []
    for pause, units in steps:
        clock.now += pause
        spends.append((spend(window, clock, units), units))
    assert fullest_minute(spends) <= 990


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0, 300), min_size=1, max_size=300))
def test_its_memory_is_two_minutes(pauses: list[float]) -> None:
    clock = Clock()
    window = LocalWindow(LIMIT, clock)
    for pause in pauses:
        clock.now += pause
        window.record(1, delay=0)
    assert len(window._spent) <= 1201
