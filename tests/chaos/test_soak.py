"""Half an hour of everything at once with fifty mailboxes: nothing grows, and every mirror is exact."""

import os
from collections.abc import Callable, Iterator

import pytest

from tests.chaos.gauges import Gauges
from tests.chaos.trial import Trial, endure
from tests.chaos.world import World

MINUTES = float(os.environ.get("SOAK_MINUTES", "30"))
MAILBOXES, MESSAGES, LATENCY = 50, 200, 0.1
SEED = 7
TRIAL = Trial(
    MAILBOXES,
    MINUTES * 60,
    often=120,
    presses=(20.0, 60.0),
    strikes=(2.0, 8.0),
    deploys=True,
    again="script/test --long tests/chaos/test_soak.py",
)


@pytest.fixture
def world() -> Iterator[World]:
    with World.running(MESSAGES, MAILBOXES, LATENCY) as made:
        yield made


@pytest.mark.long
@pytest.mark.timeout(MINUTES * 180)
def test_a_soak_ends_exact_and_nothing_grows(world: World, record_property: Callable[[str, object], None]) -> None:
    with Gauges(world) as gauges:
        record_property("summary", endure(world, SEED, TRIAL, gauges.report))
    assert gauges.grown() == {}
