"""The protocol as a graph: every state is visited, and each rule is shown to be needed."""

import pytest

from tests.chaos.explorer import explore
from tests.chaos.model import Protocol, Request, Rules

ACCIDENTS = {
    "a message is lost",
    "worker claims, the message comes twice",
    "worker crashes",
    "worker outlives the trouble",
    "worker gives the job back",
    "request: adopt",
}
STEPS = {
    "request: create",
    "request: further",
    "request: replace",
    "request: supersede",
    "wake rings",
    "worker claims",
    "worker commits a page",
    "worker finishes",
    "worker begins the further pass",
    "worker fails the job",
    "worker stops as asked",
    "cancel ends the job",
    "cancel is asked for",
    "sweep cancels",
}
SMALL, LARGE, PUSH = Request("small"), Request("large"), Request("small", again=True)


@pytest.mark.parametrize(
    "requests",
    [
        (SMALL, LARGE),
        (SMALL, PUSH),
        pytest.param((LARGE, PUSH), marks=pytest.mark.long),
        pytest.param((SMALL, LARGE, PUSH), marks=[pytest.mark.long, pytest.mark.timeout(1200)]),
    ],
    ids=lambda requests: " ".join(each.mode + " again" * each.again for each in requests),
)
def test_no_way_through_the_protocol_breaks_it_or_sticks(requests: tuple[Request, ...]) -> None:
    found = explore(Protocol(requests, Rules()))
    print(found, *(f"{count:>9,} {kind}" for kind, count in sorted(found.kinds.items())), sep="\n")
    assert not found.violation, found
    assert found.states > 10_000
    seen = {kind.removesuffix(", lost by a failover") for kind in found.kinds if found.kinds[kind]}
    assert seen >= ACCIDENTS | STEPS
    assert {f"{kind}, lost by a failover" for kind in STEPS} <= set(found.kinds)


@pytest.mark.parametrize(
    ("broken", "requests", "violation"),
    [
        (Rules(index=False, account_lock=False), (SMALL, SMALL), "two active jobs"),
        (Rules(account_lock=False), (SMALL, SMALL), "a request is refused"),
        (Rules(token_in_the_fence=False), (SMALL,), "a page was written under a lost token"),
        (Rules(fence_locks_the_row=False), (SMALL,), "a page was written under a lost token"),
        (Rules(checkpoint_within_the_page=False), (LARGE,), "the checkpoint is not what is there"),
        (Rules(failover_breaks_connections=False), (LARGE,), "a pass ended with a page missing"),
        (Rules(bar_never_falls=False), (LARGE, SMALL), "the bar fell"),
        (Rules(pages_are_revisions=False), (SMALL,), "a change without a revision"),
        (Rules(finish_heeds_cancel=False), (SMALL,), "a cancelled job succeeded"),
        (Rules(finals_hold_no_lease=False), (SMALL,), "a lease outside RUNNING"),
        (Rules(release_is_fenced=False), (SMALL,), "a final row changed"),
        (Rules(finish_heeds_further=False), (SMALL, LARGE), "no way out"),
        (Rules(widening_looks_twice=False), (SMALL, LARGE), "no way out"),
        (Rules(further_looks_twice=False), (SMALL, LARGE), "no way out"),
        (Rules(pushes_ask_again=False), (SMALL, PUSH), "no way out"),
        (Rules(cancelled_take_no_requests=False), (SMALL, SMALL), "no way out"),
        (Rules(rings_again=False), (SMALL,), "no way out"),
        (Rules(rescues=False), (SMALL,), "no way out"),
        (Rules(forces_cancels=False), (SMALL,), "no way out"),
        (Rules(pages_hear_nudges=False), (LARGE, SMALL), "whoever asked is not heard"),
        (Rules(finish_heeds_nudges=False), (SMALL, SMALL), "whoever asked at the last moment is not heard"),
    ],
    ids=lambda value: (
        " ".join(f"no_{name}" for name, kept in vars(value).items() if not kept) if isinstance(value, Rules) else None
    ),
)
def test_a_protocol_without_one_of_its_rules_is_found_out(
    broken: Rules, requests: tuple[Request, ...], violation: str
) -> None:
    alone = explore(Protocol(requests, broken, workers=1))
    found = alone if alone.violation else explore(Protocol(requests, broken))
    print(found)
    assert found.violation == violation, found
    assert found.way
