"""How a job spent its time, read from its log."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from mailsync.dashboard.timeline import Sort, steps, totals

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
PHASES = ("listing", "fetching", "certifying")


@dataclass
class Line:
    at: datetime
    code: str
    params: dict[str, Any] = field(default_factory=dict)


def line(second: float, code: str, **params: Any) -> Line:
    return Line(START + timedelta(seconds=second), code, params)


def read(*lines: Line, end: float) -> list[tuple[str, int, float]]:
    found = steps(lines, START + timedelta(seconds=end), PHASES)
    return [(each.name, each.slice, each.seconds) for each in found]


LOG = [
    line(0, "created", mode="full"),
    line(3, "claimed", slice=1, worker="w"),
    line(4, "listing"),
    line(10, "fetching"),
    line(30, "waiting_for_gmail_quota", seconds=40),
    line(70, "claimed", slice=2, worker="w"),
    line(71, "fetching"),
    line(80, "widened", mode="full"),
    line(100, "certifying"),
    line(110, "done"),
]


def test_every_second_from_the_click_to_the_end_belongs_to_one_step() -> None:
    assert read(*LOG, end=110) == [
        ("queued", 0, 3),
        ("starting", 1, 1),
        ("listing", 1, 6),
        ("fetching", 1, 20),
        ("waiting_for_gmail_quota", 1, 40),
        ("starting", 2, 1),
        ("fetching", 2, 29),
        ("certifying", 2, 10),
    ]


def test_a_worker_that_was_lost_is_a_wait_until_another_takes_over() -> None:
    rescued = read(line(0, "claimed", slice=1), line(5, "worker_lost"), line(9, "rescued", slice=2), end=12)
    assert rescued == [("starting", 1, 5), ("worker_lost", 1, 4), ("starting", 2, 3)]


def test_what_took_no_time_is_left_out_and_what_follows_itself_is_one() -> None:
    found = read(line(0, "created"), line(0, "claimed", slice=1), line(0, "fetching"), line(5, "fetching"), end=9)
    assert found == [("fetching", 1, 9)]


def test_the_drawing_is_filled_without_a_gap() -> None:
    found = steps(LOG, START + timedelta(seconds=110), PHASES)
    for before, after in pairwise(found):
        assert after.x == pytest.approx(before.x + before.width, abs=0.02)
    assert found[-1].x + found[-1].width == pytest.approx(1000, abs=0.02)
    assert [each.sort for each in found].count(Sort.WAIT) == 2


def test_the_totals_are_one_per_name_the_longest_first() -> None:
    found = totals(steps(LOG, START + timedelta(seconds=110), PHASES))
    assert [(each.name, each.seconds) for each in found][:2] == [("fetching", 49), ("waiting_for_gmail_quota", 40)]
    assert sum(each.seconds for each in found) == 110


def test_a_log_that_tells_nothing_has_no_steps() -> None:
    assert read(end=10) == read(line(0, "cancel_requested", by="anna"), end=10) == []
