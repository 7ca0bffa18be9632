from gmail.local_window import LocalWindow

LIMIT = 6000
ALLOWED = 5940


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def wait(window: LocalWindow, units: int, max_wait: float = 600.0) -> float:
    return window.reserve([units], max_wait=max_wait).wait


def test_a_wait_that_is_too_long_takes_nothing() -> None:
    window = LocalWindow(LIMIT, Clock())
    wait(window, ALLOWED)
    first = window.reserve([500], max_wait=1)
    assert 59 < first.wait <= 60.5 and first.units == 0
    assert window.reserve([500], max_wait=1) == first


def test_a_penalty_keeps_everybody_waiting() -> None:
    clock = Clock()
    window = LocalWindow(0, clock)
    window.penalise(7.0)
    window.penalise(2.0)
    assert wait(window, 1) == window.penalty() == 7.0
    clock.now += 7
    assert wait(window, 1) == window.penalty() == 0.0


def test_what_is_spent_after_a_penalty_counts_from_then() -> None:
    window = LocalWindow(LIMIT, Clock())
    window.penalise(30)
    wait(window, ALLOWED)
    assert 89 <= wait(window, 500) <= 91


def test_without_a_limit_nothing_waits() -> None:
    window = LocalWindow(0, Clock())
    assert [wait(window, 10**6, 0) for _ in range(5)] == [0.0] * 5


def test_what_is_given_back_may_be_spent() -> None:
    window = LocalWindow(LIMIT, Clock())
    grant = window.reserve([ALLOWED], max_wait=0)
    window.give_back(grant)
    assert wait(window, ALLOWED) == 0.0


def test_what_was_granted_elsewhere_counts() -> None:
    clock = Clock()
    window = LocalWindow(LIMIT, clock)
    window.learn({-100: 3000, 30: 2940}, ALLOWED)
    assert 49 < wait(window, 500) <= 51
    clock.now += 5
    assert window.known() == {-150: 3000, -20: 2940, 453: 500}


def test_who_knows_nothing_begins_without_a_burst_but_at_full_pace() -> None:
    clock = Clock()
    window = LocalWindow(LIMIT, clock)
    window.assume_the_worst(ALLOWED)
    units, began = 0, clock.now
    while clock.now < began + 180:
        grant = window.reserve(range(20, 520, 20), max_wait=60)
        clock.now += grant.wait
        units += grant.units
    assert 0.95 * 3 * ALLOWED <= units <= 3 * ALLOWED + 500


def test_a_share_that_was_learnt_holds_on() -> None:
    clock = Clock()
    window = LocalWindow(LIMIT, clock)
    window.learn({-10: 100}, 600)
    units = 0
    while clock.now < 1060:
        grant = window.reserve(range(20, 520, 20), max_wait=120)
        clock.now += grant.wait
        units += grant.units if clock.now < 1059 else 0
    assert units == 500
