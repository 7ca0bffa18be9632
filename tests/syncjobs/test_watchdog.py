import pytest

from syncjobs.watchdog import MOST_MISSED, Hearing


def checks(hearing: Hearing, times: int, *, busy: bool = False, called: bool = True) -> list[bool]:
    return [hearing.is_lost(busy=busy, called=called) for _ in range(times)]


def test_a_worker_that_hears_none_of_its_calls_is_lost() -> None:
    assert checks(Hearing(), MOST_MISSED + 1) == [False] * MOST_MISSED + [True]


def test_every_message_that_comes_in_begins_the_count_anew() -> None:
    hearing = Hearing()
    checks(hearing, MOST_MISSED)
    hearing.heard()
    assert not any(checks(hearing, MOST_MISSED))


@pytest.mark.parametrize("excuse", [{"busy": True}, {"called": False}])
def test_who_is_busy_or_cannot_be_called_is_not_lost(excuse: dict[str, bool]) -> None:
    hearing = Hearing()
    checks(hearing, MOST_MISSED)
    assert not any(checks(hearing, 100, **excuse))
    assert not any(checks(hearing, MOST_MISSED))
