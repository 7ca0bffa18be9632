"""Decide what to ask Gmail for, from ids, thread ids, prices alone: the fewest units that bring what is wanted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gmail.resources import Ask
from mailsync.sync.ports import Wanted

GET_MESSAGE, GET_THREAD = "messages.get", "threads.get"
MOST_MESSAGES = 100  # of one page


@dataclass(frozen=True, slots=True)
class Errand:
    """One question, with the messages that it is to bring: a thread may hold others, for which nobody asked.

    What is `alone` is too big for a batch.
    """

    ask: Ask
    ids: tuple[str, ...]
    alone: bool = False


class Plan(Protocol):
    """`errands` with what does not change during a pass."""

    def __call__(self, wanted: Sequence[Wanted], *, most: int) -> list[Errand]: ...


def errands(wanted: Sequence[Wanted], *, raw: bool, prices: Mapping[str, int], most: int) -> list[Errand]:
    """What to ask for so that the first of `wanted` come, in their order: `most` messages at most, or one big one."""
    if wanted and wanted[0].large:
        return [_message(wanted[0], raw)]
    small = [each for each in wanted if not each.large]
    if raw:  # every byte is to be had of single messages only
        return [_message(each, raw) for each in small[:most]]
    return _readable(small, most, _worth_asking_for(small, prices))


def _readable(wanted: Sequence[Wanted], most: int, threads: Mapping[str, tuple[str, ...]]) -> list[Errand]:
    planned: list[Errand] = []
    done: set[str] = set()
    for each in wanted:
        if each.id in done or len(done) >= most:
            continue
        ids = threads.get(each.thread_id, ())
        whole = ids and len(done) + len(ids) <= most
        errand = Errand(Ask("thread", each.thread_id, "full", len(ids)), ids) if whole else _message(each, False)
        planned.append(errand)
        done.update(errand.ids)
    return planned


def _worth_asking_for(wanted: Sequence[Wanted], prices: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """The wanted messages of each thread that costs less than they do: it has one price, however many it holds.

    So from three on, at the prices of 2026 (https://developers.google.com/workspace/gmail/api/reference/quota).
    """
    members: dict[str, list[str]] = {}
    for each in wanted:
        members.setdefault(each.thread_id, []).append(each.id)
    price = prices[GET_MESSAGE]
    return {thread: tuple(ids) for thread, ids in members.items() if thread and prices[GET_THREAD] < len(ids) * price}


def _message(wanted: Wanted, raw: bool) -> Errand:
    return Errand(Ask("message", wanted.id, "raw" if raw else "full"), (wanted.id,), wanted.large)
