"""Visit every state of a protocol, breadth first; find the shortest way into a broken one, or into one without a way out."""

import re
from array import array
from collections import Counter, deque
from dataclasses import dataclass, field
from functools import cache

from tests.chaos.model import Protocol, Violation, World

MOST_STATES = 1_000_000


@dataclass(frozen=True)
class Found:
    """How much was visited; what broke, if anything, with the way there."""

    states: int
    transitions: int
    violation: str = ""
    way: tuple[str, ...] = ()
    kinds: Counter[str] = field(default_factory=Counter)  # transitions by what happens, whoever does it

    def __str__(self) -> str:
        seen = f"{self.states:,} states, {self.transitions:,} transitions"
        return f"{seen}: {self.violation}\n  " + "\n  ".join(self.way) if self.violation else seen


def explore(protocol: Protocol) -> Found:
    """Safety in every state; then, from every state, a fair way to one where all is done and every wish was served."""
    numbers: dict[World, int] = {protocol.start: 0}
    worlds = [protocol.start]
    came: list[tuple[int, str]] = [(0, "")]
    back: list[array] = [array("i")]  # who reaches this state by a fair step
    kinds: Counter[str] = Counter()
    at = 0
    while at < len(worlds):
        try:
            for step in protocol.steps(worlds[at]):
                kinds[kind(step.name)] += 1
                number = numbers.get(step.after)
                if number is None:
                    number = numbers[step.after] = len(worlds)
                    worlds.append(step.after)
                    came.append((at, step.name))
                    back.append(array("i"))
                if step.fair:
                    back[number].append(at)
        except Violation as broken:
            return Found(len(worlds), kinds.total(), str(broken), _way(came, at))
        assert len(worlds) <= MOST_STATES, "the model has grown too big to be visited"
        at += 1
    stuck = _stuck(worlds, back)
    if stuck is not None:
        return Found(len(worlds), kinds.total(), "no way out", (*_way(came, stuck), str(worlds[stuck])))
    return Found(len(worlds), kinds.total(), kinds=kinds)


@cache
def kind(name: str) -> str:
    """What happens, whoever does it."""
    return re.sub(r" \d+", "", name)


def at_rest(world: World) -> bool:
    """Nothing runs, nothing is owed."""
    idle = all(worker.at == "idle" for worker in world.workers)
    answered = all(ask.at != "decided" for ask in world.asks)
    return idle and answered and not world.jobs and not {"new", "owed"} & set(world.wishes)


def _stuck(worlds: list[World], back: list[array]) -> int | None:
    """The first state that no fair way leads out of."""
    leads = bytearray(len(worlds))
    waiting = deque(number for number, world in enumerate(worlds) if at_rest(world))
    for number in waiting:
        leads[number] = 1
    while waiting:
        for before in back[waiting.popleft()]:
            if not leads[before]:
                leads[before] = 1
                waiting.append(before)
    found = leads.find(0)
    return None if found < 0 else found


def _way(came: list[tuple[int, str]], at: int) -> tuple[str, ...]:
    steps = []
    while at:
        at, name = came[at]
        steps.append(name)
    return tuple(reversed(steps))
