"""How long the demo takes."""

from random import Random

import pytest

from gmail.simulator.latency import Latency


def test_a_realistic_first_sync_of_two_thousand_takes_twenty_to_forty_seconds() -> None:
    latency, dice = Latency.read("realistic"), Random(1)

    total = sum(latency.before(25, dice) + latency.during(25 * 14_000) for _ in range(2_000 // 25))

    assert 20 < total < 35
    assert 0.07 < latency.before(0, dice) < 0.13


def test_no_latency_is_none_at_all() -> None:
    assert Latency.read("none").before(100, Random(1)) == 0


@pytest.mark.parametrize("text", ["soon", "-1", "601", "nan"])
def test_a_latency_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Latency.read(text)
