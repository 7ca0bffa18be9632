"""One mailbox: messages, labels, order, threads."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from gmail.simulator import labels
from gmail.simulator.history import History, Record

WEEK = 7 * 86_400.0


class Origin(Protocol):
    """Where the bytes of messages come from."""

    def raw(self, message: "Message") -> bytes:
        """The message's RFC 5322 bytes, always the same ones."""

    def snippet(self, message: "Message") -> str:
        """Its first words, not escaped."""

    def message_id(self, message: "Message") -> str:
        """Its Message-ID header, or ""."""


@dataclass(slots=True)
class Message:
    """`number` and `thread` are ids as integers, `date` is internalDate, `key` means something to `origin`."""

    number: int
    thread: int
    date: int
    size: int
    labels: frozenset[str]
    history_id: int
    origin: Origin
    key: int

    @property
    def id(self) -> str:
        """As Gmail writes it."""
        return f"{self.number:x}"


class Mailbox:
    """The state of a mailbox. Changes get history records; nothing here knows of HTTP."""

    def __init__(self, email: str, *, history_id: int = 1_000, history_ttl: float = WEEK) -> None:
        self.email = email
        self.labels = labels.initial()
        self.messages: dict[int, Message] = {}
        self.threads: dict[int, list[int]] = {}
        self.history = History(history_id, history_ttl)
        self.delivered = 0
        self._last_label = len(labels.USER)  # the id of a label that was deleted never comes back
        self._order: list[tuple[int, int]] = []
        self._shared: dict[frozenset[str], frozenset[str]] = {}

    def fill(self, messages: Iterable[Message]) -> None:
        """The mail that was there before anybody looked, oldest first; history knows the last week of it."""
        for message in messages:
            message.history_id = self.history.next_id()
            self._put(message)
            self._order.append((message.date, message.number))
        self._order.sort()
        self._remember_recent()

    def _remember_recent(self) -> None:
        newest = self._order[-1][0] if self._order else 0
        recent = sorted(
            (m for m in self.messages.values() if m.date > newest - WEEK * 1000), key=lambda m: m.history_id
        )
        records = [Record(m.history_id, m.date / 1000, "added", m.number, m.thread, m.labels) for m in recent]
        self.history.seed(records, records[0].id - 1 if records else self.history.current)

    def add(self, message: Message, at: float) -> None:
        """A message arrives; `at` in seconds since 1970."""
        message.history_id = self.history.next_id()
        self._put(message)
        insort(self._order, (message.date, message.number))
        self._record(message, at, "added")

    def _put(self, message: Message) -> None:
        message.labels = self._shared.setdefault(message.labels, message.labels)
        self.messages[message.number] = message
        self.threads.setdefault(message.thread, []).append(message.number)

    def relabel(self, number: int, add: Iterable[str], remove: Iterable[str], at: float) -> None:
        """Change labels; a change that changes nothing leaves no record. Raises KeyError."""
        message = self.messages[number]
        gained = frozenset(add) - message.labels
        lost = (frozenset(remove) & message.labels) - gained
        if not gained and not lost:
            return
        after = (message.labels | gained) - lost
        message.labels = self._shared.setdefault(after, after)
        message.history_id = self.history.next_id()
        self._record(message, at, "labels", gained, lost)

    def delete(self, number: int, at: float) -> None:
        """Remove for good, not to the trash. Raises KeyError."""
        message = self.messages.pop(number)
        del self._order[bisect_left(self._order, (message.date, number))]
        siblings = self.threads[message.thread]
        siblings.remove(number)
        if not siblings:
            del self.threads[message.thread]
        message.history_id = self.history.next_id()
        self._record(message, at, "deleted")

    def _record(
        self,
        message: Message,
        at: float,
        kind: str,
        gained: frozenset[str] = frozenset(),
        lost: frozenset[str] = frozenset(),
    ) -> None:
        self.history.append(
            Record(message.history_id, at, kind, message.number, message.thread, message.labels, gained, lost)
        )

    def newest_first(self, before: tuple[int, int] | None = None) -> Iterator[Message]:
        """Messages by (internalDate, id), newest first, from below `before` on."""
        start = len(self._order) if before is None else bisect_left(self._order, before)
        for place in range(start - 1, -1, -1):
            yield self.messages[self._order[place][1]]

    def free_number(self, date: int) -> int:
        """An unused id for a message of `date`: like Gmail's, 16 hex digits that grow with time."""
        number = date << 20 | (date * 2654435761 >> 5) & 0xFFFFF
        while number in self.messages:
            number += 1
        return number

    def rename_label(self, id: str, name: str) -> None:
        """Raises KeyError."""
        self.labels[id] = replace(self.labels[id], name=name)

    def delete_label(self, id: str, at: float, *, silent: bool) -> None:
        """Take the label off all mail and forget it; `silent` leaves no records. Raises KeyError."""
        del self.labels[id]
        for message in self.messages.values():
            if silent and id in message.labels:
                message.labels -= {id}
            else:
                self.relabel(message.number, (), (id,), at)

    def add_label(self, name: str) -> labels.Label:
        """A new user label."""
        self._last_label += 1
        label = labels.Label(f"Label_{self._last_label}", name, "user")
        self.labels[label.id] = label
        return label
