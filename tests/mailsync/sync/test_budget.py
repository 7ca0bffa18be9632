import pytest

from mailsync.sync.budget import seconds_left

LIMIT = 6000  # of which 5940 are spent


@pytest.mark.parametrize(
    ("remaining", "added", "units", "seconds"),
    [
        (10_000, 0, 6, 1960.3),  # before the first message: 200,000 units, but for the first minute's
        (9_700, 300, 5_940, 1940.0),  # the burst took seconds: the rest will not
        (100, 100, 2_010, 0.0),  # what fits into the first minute goes at once
        (3_000, 6_000, 72_000, 363.6),  # whole threads cost 12 a message
        (500, 10, 4_000, 81.4),  # a long listing does not make the few messages after it dear
        (0, 0, 0, 0.0),
    ],
)
def test_what_is_left_takes_as_long_as_its_units(remaining: int, added: int, units: int, seconds: float) -> None:
    assert seconds_left(remaining, added=added, units=units, price=20, limit=LIMIT) == pytest.approx(seconds, abs=0.2)


def test_without_a_limit_it_takes_as_long_as_the_pace_says() -> None:
    assert seconds_left(10_000, added=1, units=20, price=20, limit=0) == 0.0
