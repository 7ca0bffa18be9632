import sys

import pytest

from tests.benchmarks.web import in_python, percentile


@pytest.mark.parametrize(("share", "expected"), [(50, 10.0), (95, 19.0), (100, 20.0), (1, 1.0)])
def test_a_percentile_is_a_time_that_was_measured(share: int, expected: float) -> None:
    assert percentile([float(n) for n in range(1, 21)], share) == expected


def test_what_the_procfile_runs_is_run_by_this_python() -> None:
    assert in_python(("python", "-m", "config.uvicorn", "--x")) == [sys.executable, "-m", "config.uvicorn", "--x"]
    assert in_python(("celery", "-A", "config")) == [sys.executable, "-m", "celery", "-A", "config"]
