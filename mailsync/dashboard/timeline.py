"""Read from a job's log how it spent its time: pure, the log is handed in."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from syncjobs.states import Phase

BEGINS_A_SLICE = {"claimed", "rescued"}
WIDTH = 1000.0  # of the drawing
SHORTEST = 0.05  # seconds: shorter steps are noise


class Line(Protocol):
    """A line of the log."""

    at: datetime
    code: str
    params: dict


class Sort(StrEnum):
    """What a step is; also its CSS class."""

    WAIT = "wait"
    WORK = "work"


@dataclass(frozen=True, slots=True)
class Step:
    """What the job did from `at` on for `seconds`, in which slice (0 before the first); `x`, `width` of 1000 in a drawing."""

    name: str
    sort: Sort
    slice: int
    at: datetime
    seconds: float = 0.0
    x: float = 0.0
    width: float = 0.0


def steps(events: Iterable[Line], end: datetime, phases: Iterable[str]) -> list[Step]:
    """From the creation to `end`, each begun by a line of the log; `phases` are the codes that name one."""
    begun = list(_begun(events, set(phases)))
    ends = [each.at for each in begun[1:]] + [end] * bool(begun)
    lasting = (
        replace(step, seconds=(until - step.at).total_seconds()) for step, until in zip(begun, ends, strict=True)
    )
    return _drawn(_merged(step for step in lasting if step.seconds >= SHORTEST))


def totals(found: Iterable[Step]) -> list[Step]:
    """One step per name with the time of all of them, the longest first."""
    sums: dict[str, Step] = {}
    for step in found:
        known = sums.get(step.name)
        both = (known.seconds + step.seconds, known.width + step.width) if known else (step.seconds, step.width)
        sums[step.name] = replace(known or step, seconds=both[0], width=both[1])
    return sorted(sums.values(), key=lambda step: -step.seconds)


def _begun(events: Iterable[Line], phases: set[str]) -> Iterator[Step]:
    number = 0
    for event in events:
        if event.code in BEGINS_A_SLICE:
            number = event.params.get("slice", number + 1)
            yield Step(Phase.STARTING, Sort.WORK, number, event.at)
        elif event.code == "created":
            yield Step(Phase.QUEUED, Sort.WAIT, number, event.at)
        elif event.code in phases:
            yield Step(event.code, Sort.WORK, number, event.at)
        elif event.code == "worker_lost" or "seconds" in event.params:  # whoever gives a job back says for how long
            yield Step(event.code, Sort.WAIT, number, event.at)


def _merged(found: Iterable[Step]) -> list[Step]:
    merged: list[Step] = []
    for step in found:
        last = merged[-1] if merged else None
        if last and (last.name, last.slice) == (step.name, step.slice):
            merged[-1] = replace(last, seconds=last.seconds + step.seconds)
        else:
            merged.append(step)
    return merged


def _drawn(found: list[Step]) -> list[Step]:
    whole = sum(step.seconds for step in found)
    drawn, x = [], 0.0
    for step in found:
        width = WIDTH * step.seconds / whole
        drawn.append(replace(step, x=round(x, 2), width=round(width, 2)))
        x += width
    return drawn
