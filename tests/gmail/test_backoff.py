import pytest

from gmail import backoff
from gmail.errors import RateLimited

NOW = 1000.0


def test_jitter_grows_up_to_a_bound() -> None:
    for attempt, limit in ((1, 1), (2, 2), (3, 4), (20, 32)):
        drawn = [backoff.jitter(attempt) for _ in range(200)]
        assert min(drawn) >= 0 and limit / 2 < max(drawn) <= limit


@pytest.mark.parametrize(
    ("retry_at", "least", "most"), [(NOW + 10, 10, 11), (NOW - 5, 1, 2), (NOW + 10**6, 3600, 3601)]
)
def test_a_named_time_is_kept_within_an_hour(retry_at: float, least: float, most: float) -> None:
    assert least <= backoff.pause(RateLimited("", retry_at), NOW) <= most


def test_an_unnamed_time_depends_on_whose_allowance_is_used_up() -> None:
    pauses = [backoff.pause(RateLimited("", scope=scope), NOW) for scope in ("concurrency", "user", "project", "day")]
    assert pauses == [2.0, 15.0, 15.0, 3600.0]
