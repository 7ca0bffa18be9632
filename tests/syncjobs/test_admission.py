import itertools
from dataclasses import replace

import pytest

from syncjobs.admission import Active, Scope, Verdict, decide
from syncjobs.states import State
from tests.syncjobs.kinds import RANK, wider

MODES = tuple(RANK)
FURTHER = (None, *MODES)


def widest(*modes: str | None) -> str:
    return max((mode for mode in modes if mode), key=lambda mode: RANK[mode])


def active(state: State, mode: str, further: str | None = None, *, silent: bool = False) -> Active:
    return Active(state, Scope(mode), Scope(further) if further else None, silent)


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("asked", MODES)
def test_where_no_job_is_active_one_is_created_as_asked(asked: str, again: bool) -> None:
    assert decide(None, Scope(asked), again=again, wider=wider) == (Verdict.CREATE, Scope(asked))


@pytest.mark.parametrize(
    ("mode", "asked", "silent", "again"), list(itertools.product(MODES, MODES, [False, True], [False, True]))
)
def test_a_created_job_is_adopted_or_widened_however_old(mode: str, asked: str, silent: bool, again: bool) -> None:
    verdict, scope = decide(active(State.CREATED, mode, silent=silent), Scope(asked), again=again, wider=wider)
    assert verdict is (Verdict.WIDEN if RANK[asked] > RANK[mode] else Verdict.ADOPT)
    assert scope.mode == widest(mode, asked)


@pytest.mark.parametrize(
    ("mode", "asked", "further", "again"), list(itertools.product(MODES, MODES, FURTHER, [False, True]))
)
def test_a_silent_job_is_replaced_by_one_that_does_all_that_was_asked_of_it(
    mode: str, asked: str, further: str | None, again: bool
) -> None:
    found = decide(active(State.RUNNING, mode, further, silent=True), Scope(asked), again=again, wider=wider)
    assert found == (Verdict.REPLACE, Scope(widest(mode, asked, further)))


@pytest.mark.parametrize(("mode", "asked", "further"), list(itertools.product(MODES, MODES, FURTHER)))
def test_a_running_job_that_covers_a_click_is_adopted_as_it_is(mode: str, asked: str, further: str | None) -> None:
    verdict, scope = decide(active(State.RUNNING, mode, further), Scope(asked), again=False, wider=wider)
    if RANK[asked] <= RANK[mode] or (further and RANK[asked] <= RANK[further]):
        assert (verdict, scope) == (Verdict.ADOPT, Scope(mode))
    else:
        assert (verdict, scope) == (Verdict.FURTHER, Scope(asked))


@pytest.mark.parametrize(("mode", "asked", "further"), list(itertools.product(MODES, MODES, FURTHER)))
def test_a_push_during_a_run_asks_for_one_more_pass_however_many_come(
    mode: str, asked: str, further: str | None
) -> None:
    verdict, scope = decide(active(State.RUNNING, mode, further), Scope(asked), again=True, wider=wider)
    if further is None or RANK[asked] > RANK[further]:
        assert (verdict, scope) == (Verdict.FURTHER, Scope(asked))
        after = active(State.RUNNING, mode, scope.mode)
        assert decide(after, Scope(asked), again=True, wider=wider)[0] is Verdict.ADOPT
    else:
        assert verdict is Verdict.ADOPT


@pytest.mark.parametrize(
    ("mode", "asked", "further", "silent", "again"),
    list(itertools.product(MODES, MODES, FURTHER, [False, True], [False, True])),
)
def test_a_job_that_is_being_cancelled_takes_no_request_down_with_it(
    mode: str, asked: str, further: str | None, silent: bool, again: bool
) -> None:
    ending = replace(active(State.RUNNING, mode, further, silent=silent), cancelling=True)
    assert decide(ending, Scope(asked), again=again, wider=wider) == (Verdict.SUPERSEDE, Scope(asked))


def test_parameters_are_part_of_a_scope() -> None:
    def earlier(one: Scope, other: Scope) -> Scope:
        return other if other.params["after"] < one.params["after"] else one

    held = Active(State.CREATED, Scope("window", {"after": 50}), None, silent=False)
    assert decide(held, Scope("window", {"after": 60}), again=False, wider=earlier)[0] is Verdict.ADOPT
    assert decide(held, Scope("window", {"after": 40}), again=False, wider=earlier) == (
        Verdict.WIDEN,
        Scope("window", {"after": 40}),
    )
