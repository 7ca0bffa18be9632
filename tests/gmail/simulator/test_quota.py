"""Unit windows and the concurrency cap."""

import pytest

from gmail.simulator.quota import NEW, OLD, Concurrency, Quota
from gmail.simulator.refusals import Refusal


def spend(quota: Quota, times: int, now: float, email: str = "a") -> int:
    """How many gets of `times` were allowed."""
    allowed = 0
    for _ in range(times):
        try:
            quota.charge(email, "messages.get", now)
            allowed += 1
        except Refusal:
            pass
    return allowed


def test_a_minute_holds_three_hundred_gets_at_todays_prices() -> None:
    assert spend(Quota(6_000, 0, NEW), 400, 0.0) == 300


def test_the_old_tier_holds_ten_times_as_many() -> None:
    assert spend(Quota(15_000, 0, OLD), 4_000, 0.0) == 3_000


def test_the_window_slides() -> None:
    quota = Quota(100, 0, NEW)

    assert spend(quota, 3, 0.0) == 3
    assert spend(quota, 3, 30.0) == 2
    assert spend(quota, 3, 59.9) == 0
    assert spend(quota, 9, 60.0) == 3
    assert spend(quota, 9, 89.9) == 0
    assert spend(quota, 9, 90.0) == 2


def test_users_have_windows_of_their_own_and_the_project_one_for_all() -> None:
    quota = Quota(100, 160, NEW)

    assert spend(quota, 9, 0.0, "a") == 5
    assert spend(quota, 9, 0.0, "b") == 3


def test_a_limit_of_nothing_is_no_limit() -> None:
    assert spend(Quota(0, 0, NEW), 5_000, 0.0) == 5_000


@pytest.mark.parametrize(
    ("style", "status", "text"),
    [
        ("403", 403, "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user'"),
        ("429", 429, "Resource has been exhausted (e.g. check quota)."),
        ("retry-after", 429, "User-rate limit exceeded.  Retry after 1970-01-01T00:01:05.000Z"),
    ],
)
def test_a_refusal_is_worded_as_the_style_says(style: str, status: int, text: str) -> None:
    quota = Quota(20, 0, NEW, style)
    quota.charge("a", "messages.get", 5.0)

    with pytest.raises(Refusal) as caught:
        quota.charge("a", "messages.get", 6.0)

    assert caught.value.status == status
    assert caught.value.message.startswith(text)


def test_the_cap_counts_what_is_in_flight() -> None:
    cap = Concurrency(2)

    assert [cap.enter("a"), cap.enter("a"), cap.enter("a"), cap.enter("b")] == [True, True, False, True]
    cap.leave("a")
    assert cap.enter("a")


def test_what_was_charged_lately_is_told_with_its_moments() -> None:
    quota = Quota(100, 0, NEW)
    for email, now in (("a", 1.0), ("a", 1.001), ("b", 1.001), ("a", 7.0)):
        quota.charge(email, "messages.get", now)
    assert quota.spends.since(0) == [(1.0, "a", 40), (1.0, "b", 20), (7.0, "a", 20)]
    assert quota.spends.since(2) == [(7.0, "a", 20)]
