import itertools
import random
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gmail.window import Window, allowance, assumed, portions
from tests.gmail.spends import Spends, fullest_minute, units_in

BATCH = 25
BEGIN = 1000.0
Asking = Callable[[random.Random], Iterator[list[int]]]


def gets(price: int, parts: int = BATCH) -> Asking:
    """Batches of one price."""
    return lambda dice: itertools.repeat([price * count for count in range(1, parts + 1)])


def mixed(dice: random.Random) -> Iterator[list[int]]:
    """Batches of messages and threads."""
    while True:
        yield list(itertools.accumulate(dice.choices((20, 40), k=BATCH)))


def mixed_with_listings(dice: random.Random) -> Iterator[list[int]]:
    """The same, a page of ids before some."""
    for choices in mixed(dice):
        if dice.random() < 0.3:
            yield [5]
        yield choices


def spends(limit: int, asking: Asking, *, minutes: float = 11, answer: float = 0.4, lateness: float = 0.0) -> Spends:
    """What one client spends that always wants more; each request takes `answer` seconds or so, each wait overshoots."""
    dice, window, allowed, now, found = random.Random(limit), Window(), allowance(limit), BEGIN, []
    for choices in asking(dice):
        window.forget(int(now / 0.1))
        slot, units = window.plan(int(now / 0.1), choices, allowed)
        window.take(slot, units, allowed)
        now = max(now, slot * 0.1) + lateness * dice.random()
        found.append((now, units))
        now += 2 * answer * dice.random()
        if now > BEGIN + 60 * minutes:
            break
    return found


ASKED = {
    "messages": (gets(20), 0.4),
    "threads": (gets(40), 0.4),
    "messages at the old price": (gets(5), 0.05),
    "half batches": (gets(20, 12), 0.2),
    "a few at a time": (gets(20, 3), 0.05),
    "messages and threads": (mixed, 0.4),
    "listings in between": (mixed_with_listings, 0.2),
}


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("limit", [6000, 15_000])
def test_98_percent_of_the_limit_are_used_and_99_never_exceeded(limit: int, asked: str) -> None:
    asking, answer = ASKED[asked]
    found = spends(limit, asking, answer=answer)
    assert fullest_minute(found) <= 0.99 * limit
    assert units_in(found, BEGIN + 60, BEGIN + 600) >= 0.98 * limit * 9


@pytest.mark.parametrize("asked", ["messages", "messages and threads"])
def test_a_way_to_gmail_that_takes_a_little_longer_exceeds_nothing(asked: str) -> None:
    found = spends(6000, ASKED[asked][0], lateness=0.2)
    assert fullest_minute(found) <= 6000 * 0.99


def test_the_first_minutes_allowance_goes_at_once() -> None:
    assert units_in(spends(6000, gets(20), minutes=1, answer=0.2), BEGIN, BEGIN + 6) == 5640


def test_a_single_new_message_finds_room_when_a_pass_has_burst() -> None:
    window, batch = Window(), [20 * count for count in range(1, 26)]
    while (planned := window.plan(0, batch, 5940))[0] == 0:
        window.take(*planned, 5940)
    assert window.plan(20, [5], 5940)[0] > 500, "a listing of the pass leaves that room alone"
    for choices in ([2], [20], [1], [20, 40, 60]):  # history, the message, labels; then three more
        slot, units = window.plan(20, choices, 5940)
        assert (slot, units) == (20, choices[-1])
        window.take(slot, units, 5940)


def test_after_the_first_minute_spends_come_evenly() -> None:
    times = [at for at, _ in spends(6000, gets(20)) if at > BEGIN + 59]
    pauses = [b - a for a, b in itertools.pairwise(times)]
    assert max(pauses) < 5.3
    assert sum(pause < 4 for pause in pauses) <= len(pauses) / 6


def test_who_comes_late_catches_up() -> None:
    window, now, units = Window(), 0, 0
    for turn in range(400):
        window.forget(now)
        slot, granted = window.plan(now, [20 * count for count in range(1, 26)], 5940)
        window.take(slot, granted, 5940)
        units += granted
        now = slot + (20 if turn % 2 else 0)  # two seconds late every other time
    assert units >= 0.97 * 5940 * (now / 603)


def test_a_mailbox_at_rest_may_burst_again() -> None:
    window = Window()
    for number in range(20):
        window.take(50 * number, 500, 5940)
    window.forget(950 + 1201)
    assert [window.plan(2151, [500], 5940)[0]] == [2151]


def test_a_listing_does_not_wait_for_the_rhythm() -> None:
    window = Window()
    window.take(0, 3000, 5940)
    window.take(700, 4000, 5940)  # a third of the minute is left
    assert window.plan(701, [400], 5940)[0] > 800
    assert window.plan(701, [5], 5940) == (701, 5)


def test_it_settles_for_what_fits() -> None:
    window = Window()
    window.take(0, 5500, 5940)
    assert window.plan(0, [20 * count for count in range(1, 26)], 5940) == (0, 140)


def test_it_does_not_settle_for_scraps() -> None:
    window = Window()
    window.take(0, 5920, 5940)
    slot, units = window.plan(0, [20 * count for count in range(1, 26)], 5940)
    assert slot >= 600 and units == 500


@pytest.mark.parametrize(
    ("choices", "allowed", "expected"),
    [([20, 40, 60], 5940, [20, 40, 60]), ([500, 1000], 5940, [500]), ([700, 1000], 5940, [700]), ([60, 120], 59, [60])],
)
def test_a_minute_is_spent_in_ten_portions_or_more(choices: list[int], allowed: int, expected: list[int]) -> None:
    assert portions(choices, allowed) == expected


def test_a_spend_above_the_allowance_waits_for_an_empty_minute() -> None:
    window = Window()
    window.take(7, 1, 99)
    slot, units = window.plan(8, [5000], 99)
    assert (slot, units) == (7 + 603, 5000)


def test_what_is_given_back_leaves_no_trace() -> None:
    window, untouched = Window(), Window()
    for each in (window, untouched):
        each.take(10, 400, 5940)
    window.take(20, 500, 5940)
    window.give_back(20, 500, 5940)
    assert window.spent == untouched.spent
    assert window.plan(30, [5600], 5940) == untouched.plan(30, [5600], 5940)


def test_the_worst_that_can_be_assumed_is_a_minute_that_was_spent_evenly() -> None:
    window = assumed(5000, 5940)
    assert sum(window.spent.values()) == 5940
    slot, units = window.plan(5001, [20 * count for count in range(1, 26)], 5940)
    assert 5030 <= slot <= 5130 and units == 500


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 40), st.lists(st.integers(1, 700), min_size=1)), min_size=1, max_size=60))
def test_any_order_of_spends_keeps_the_minute(steps: list[tuple[float, list[int]]]) -> None:
    window, now, found = Window(), BEGIN, []
    for pause, choices in steps:
        now += pause
        window.forget(int(now / 0.1))
        slot, units = window.plan(int(now / 0.1), sorted(choices), 990)
        window.take(slot, units, 990)
        assert units in choices
        now = max(now, slot * 0.1)
        found.append((now, units))
    assert fullest_minute(found) <= 990


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 3000), min_size=1, max_size=300))
def test_its_memory_is_two_minutes(pauses: list[int]) -> None:
    window, now = Window(), 0
    for pause in pauses:
        now += pause
        window.forget(now)
        window.take(now, 1, 990)
    assert len(window.spent) <= 1201
