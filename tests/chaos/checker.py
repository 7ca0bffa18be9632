"""Find in a ledger what must never be: each check returns how often it looked, and raises Violated."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.chaos.ledger import Entry

ACTIVE = ("CREATED", "RUNNING")


class Violated(AssertionError):
    """An invariant does not hold; the message names the entries that show it."""


def at_most_one_active(ledger: Sequence[Entry]) -> int:
    """At every commit a mailbox has one active job at most, and what is final stays as it is. Needs no constraint."""
    states: dict[str, str] = {}
    active: defaultdict[str, set[str]] = defaultdict(set)
    looked = 0
    for entry in _versions(ledger):
        task = str(entry.task_id)
        if states.get(task, "CREATED") not in ACTIVE:
            raise Violated(f"{task} was {states[task]}, then changed: {entry}")
        states[task] = str(entry.state)
        (active[entry.resource].add if entry.state in ACTIVE else active[entry.resource].discard)(task)
        if len(active[entry.resource]) > 1:
            raise Violated(f"{sorted(active[entry.resource])} are active at once: {entry}")
        looked += 1
    return looked


def written_by_holders(ledger: Sequence[Entry]) -> int:
    """Each write was committed by the session that had claimed the very token which the job's row held at that commit."""
    held: dict[tuple[int, str], Any] = {}
    looked = 0
    for entry in ledger:
        if entry.claimed:
            held[entry.backend, entry.resource] = entry.token
        elif entry.what == "write":
            if entry.token is None or held.get((entry.backend, entry.resource)) != entry.token:
                raise Violated(f"holds {held.get((entry.backend, entry.resource))}, yet wrote: {entry}")
            looked += 1
    return looked


def progress_rises(ledger: Sequence[Entry]) -> int:
    """Whatever a browser shows changes with a greater revision only; the bar never falls."""
    last: dict[str, Entry] = {}
    looked = 0
    for entry in _versions(ledger):
        before = last.get(str(entry.task_id))
        last[str(entry.task_id)] = entry
        if before is None:
            continue
        looked += 1
        rises = (entry.revision or 0) - (before.revision or 0)
        if rises < 0 or (rises == 0 and entry.seen != before.seen):
            raise Violated(f"another face, the same revision: {before} {entry}")
        if (entry.percentage or 0) < (before.percentage or 0):
            raise Violated(f"the bar fell: {before} {entry}")
    return looked


def accepted_end(ledger: Sequence[Entry], accepted: Iterable[str]) -> int:
    """Each job that a request was promised exists, and is final."""
    states = last_states(ledger)
    promised = sorted(accepted)
    for task in promised:
        if states.get(task, "never made") not in ("SUCCEEDED", "FAILED", "CANCELLED"):
            raise Violated(f"{task} is {states.get(task, 'never made')}")
    return len(promised)


def cancels_end(ledger: Sequence[Entry], *, within: float) -> tuple[int, float]:
    """Each job that was asked to end did so, not well, and within so many seconds; how many, and the longest."""
    asked: dict[str, Entry] = {}
    ended: dict[str, float] = {}
    for entry in _versions(ledger):
        if entry.cancelling:
            asked.setdefault(str(entry.task_id), entry)
        if entry.state not in ACTIVE and (since := asked.get(str(entry.task_id))):
            ended[str(entry.task_id)] = entry.at - since.at
            if entry.state == "SUCCEEDED" or entry.at - since.at > within:
                raise Violated(f"asked to end: {since}, ended: {entry}")
    if missing := asked.keys() - ended.keys():
        raise Violated(f"asked to end, and still there: {sorted(missing)}")
    return len(asked), max(ended.values(), default=0.0)


def no_server_errors(answers: Mapping[tuple[str, int], int]) -> int:
    """Of (what was asked, status) nothing is a fault of ours; 503 says when to come back."""
    wrong = {key: count for key, count in answers.items() if key[1] >= 500 and key[1] != 503}
    if wrong:
        raise Violated(f"server errors: {wrong}")
    return sum(count for (_, status), count in answers.items() if status)


def mirrors_equal(held: Sequence[Mapping[str, Any]], truth: Sequence[Mapping[str, Any]]) -> int:
    """Each mirror has Gmail's labels, Gmail's messages, each with its labels and its bytes; how many messages."""
    for place, (mine, theirs) in enumerate(zip(held, truth, strict=True)):
        if mine != theirs:
            raise Violated(f"mailbox {place}: {difference(mine, theirs)}")
    return sum(len(box["mail"]) for box in truth)


def difference(held: Mapping[str, Any], truth: Mapping[str, Any]) -> str:
    """What a mirror lacks, has too many, has wrong; a few of each."""
    mine, theirs = held["mail"], truth["mail"]
    wrong = {id_: (mine[id_], theirs[id_]) for id_ in mine.keys() & theirs.keys() if mine[id_] != theirs[id_]}
    lacks, extra = sorted(theirs.keys() - mine.keys()), sorted(mine.keys() - theirs.keys())
    labels = sorted(set(held["labels"]) ^ set(truth["labels"]))
    few = dict(list(wrong.items())[:3])
    return f"lacks {lacks[:5]} ({len(lacks)}), has too many {extra[:5]} ({len(extra)}), wrong {few} ({len(wrong)}), {labels}"


def last_states(ledger: Sequence[Entry]) -> dict[str, str]:
    """Each job's state at the end."""
    return {str(entry.task_id): str(entry.state) for entry in _versions(ledger)}


def _versions(ledger: Sequence[Entry]) -> Iterable[Entry]:
    return (entry for entry in ledger if entry.what == "job")
