"""Everything breaks, again and again, while people click and mail changes; then it is quiet, and every mirror is exact."""

import os
from collections.abc import Callable

import pytest

from tests.chaos.trial import Trial, endure
from tests.chaos.world import World

MAILBOXES, MESSAGES = 4, 300  # of the default suite
LONG_MAILBOXES, LONG_MESSAGES = 6, 400
LATENCY = 0.2
EVERY = 8  # seconds between two runs by the clock

SECONDS, SEED = 40.0, 1  # the default suite
LONG_SECONDS = 180.0
LONG_SEEDS = [int(word) for word in os.environ.get("CHAOS_SEEDS", "11 22 33").split()]
AGAIN = "CHAOS_SEEDS={seed} script/test --long tests/chaos/test_chaos.py -k long"


@pytest.mark.timeout(600)
def test_chaos_ends_exact(record_property: Callable[[str, object], None]) -> None:
    with World.running(MESSAGES, MAILBOXES, LATENCY) as world:
        record_property("summary", endure(world, SEED, trial(SEED, MAILBOXES, SECONDS)))


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", LONG_SEEDS)
def test_long_chaos_ends_exact(seed: int, record_property: Callable[[str, object], None]) -> None:
    with World.running(LONG_MESSAGES, LONG_MAILBOXES, LATENCY) as world:
        record_property("summary", endure(world, seed, trial(seed, LONG_MAILBOXES, LONG_SECONDS)))


def trial(seed: int, mailboxes: int, seconds: float) -> Trial:
    return Trial(mailboxes, seconds, EVERY, again=AGAIN.format(seed=seed))
