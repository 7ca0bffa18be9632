import itertools

import pytest

from mailsync.sync.scopes import BATCH, CONFIRMED, FULL, INCREMENTAL, RECONCILE, WINDOW, news, wider
from syncjobs.admission import Scope

ORDER = [WINDOW, BATCH, INCREMENTAL, FULL]


def scope(mode: str) -> Scope:
    return Scope(mode, {"after": 5} if mode == WINDOW else {})


@pytest.mark.parametrize(("active", "asked"), list(itertools.product(ORDER, ORDER)))
def test_the_wider_scope_does_the_work_of_both(active: str, asked: str) -> None:
    assert wider(scope(active), scope(asked)) == scope(max(active, asked, key=ORDER.index))


def test_a_reconcile_and_a_full_pass_cover_each_other() -> None:
    assert wider(Scope(RECONCILE), Scope(FULL)).mode == RECONCILE
    assert wider(Scope(FULL), Scope(RECONCILE)).mode == FULL


def test_of_two_windows_the_one_that_begins_earlier() -> None:
    early, late = Scope(WINDOW, {"after": 1}), Scope(WINDOW, {"after": 2})
    assert wider(early, late) == wider(late, early) == early


@pytest.mark.parametrize("other", [Scope(WINDOW, {"after": 5}), Scope(INCREMENTAL), Scope(RECONCILE), Scope(FULL)])
def test_what_a_person_confirmed_survives_every_widening(other: Scope) -> None:
    confirmed = Scope(FULL, {CONFIRMED: True})
    for both in (wider(confirmed, other), wider(other, confirmed)):
        assert both.mode in (FULL, RECONCILE) and both.params == {CONFIRMED: True}
    assert wider(confirmed, other) == confirmed


def test_a_click_at_the_last_moment_is_owed_a_look_at_history_or_at_its_window_alone() -> None:
    found = [news(scope(mode)) for mode in (WINDOW, BATCH, INCREMENTAL, RECONCILE, FULL)]
    assert found == [scope(WINDOW), None, *[Scope(INCREMENTAL)] * 3]
