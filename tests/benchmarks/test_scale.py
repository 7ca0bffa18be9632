"""The parts of the benchmark of scale that decide something."""

from itertools import islice

import pytest

from tests.benchmarks.scale import rows
from tests.benchmarks.scale.deploy import gap
from tests.benchmarks.scale.measured import Measured
from tests.benchmarks.scale.quota import jain
from tests.benchmarks.targets import figure


def test_the_longest_pause_counts_where_it_ends_after_the_old_version_was_told_to_end() -> None:
    assert gap([0.0, 9.0, 10.0, 14.0, 15.0], told=11.0) == 4.0


def test_a_mailbox_that_was_done_before_has_no_pause() -> None:
    assert gap([0.0, 9.0], told=11.0) == 0.0


def test_equal_shares_are_fair_and_one_for_all_is_not() -> None:
    assert (jain([5, 5, 5, 5]), jain([1, 0, 0, 0])) == (1.0, 0.25)


def test_a_row_that_is_measured_again_replaces_its_figures_and_no_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("BENCH_HOME", f"{tmp_path}/home")
    numbers = iter([1.0, 2.0, 9.0])
    measure = {name: lambda name=name: Measured([figure(name, next(numbers), 5)]) for name in ("one", "two", "three")}
    monkeypatch.setattr(rows, "ROWS", measure)
    rows.run(["one", "two"])
    found = rows.run(["one"])
    lines = [line.split() for line in islice(found.splitlines(), 2, 4)]
    assert lines == [["one", "9", "5", "FAIL"], ["two", "2", "5", "ok"]]
    assert "not measured yet: three" in found


def test_a_row_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(SystemExit, match="no rows of scale: nonsense"):
        rows.run(["nonsense"])
