"""Decide what becomes of a request for a job: pure, the active job is handed in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from syncjobs.states import State


@dataclass(frozen=True, slots=True)
class Scope:
    """How much a job does: a mode of its kind, with parameters."""

    mode: str
    params: Mapping[str, Any] = field(default_factory=dict)


Wider = Callable[[Scope, Scope], Scope]


class Verdict(Enum):
    """What to do with a request."""

    CREATE = "create"
    ADOPT = "adopt"
    WIDEN = "widen"
    FURTHER = "further"
    REPLACE = "replace"
    SUPERSEDE = "supersede"


@dataclass(frozen=True, slots=True)
class Active:
    """What a decision needs to know of the active job."""

    state: State
    scope: Scope
    further: Scope | None
    silent: bool
    cancelling: bool = False


def decide(active: Active | None, asked: Scope, *, again: bool, wider: Wider) -> tuple[Verdict, Scope]:
    """The verdict with the scope it leads to.

    `again` asks for a pass that begins after now (a push: what it announces may be newer than what the run has read).
    A CREATED job is never stale: nothing of it ran, so it is adopted or widened, and rung again. One that is being cancelled
    would take the request down with it: it is cancelled at once, and what is asked now begins anew.
    """
    if active is None:
        return Verdict.CREATE, asked
    if active.cancelling:
        return Verdict.SUPERSEDE, asked
    if active.state is State.CREATED:
        merged = wider(active.scope, asked)
        return (Verdict.ADOPT, merged) if merged == active.scope else (Verdict.WIDEN, merged)
    if active.silent:
        owed = active.scope if active.further is None else wider(active.scope, active.further)
        return Verdict.REPLACE, wider(owed, asked)
    covered = wider(active.scope, asked) == active.scope
    if covered and not again:
        return Verdict.ADOPT, active.scope
    further = asked if active.further is None else wider(active.further, asked)
    return (Verdict.ADOPT, active.scope) if further == active.further else (Verdict.FURTHER, further)
