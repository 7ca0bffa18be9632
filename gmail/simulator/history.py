"""What happened to a mailbox, in order, until it is forgotten."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

MOST = 200_000
"""Records kept whatever their age."""


@dataclass(frozen=True, slots=True)
class Record:
    """One change: `kind` is "added", "deleted" or "labels"; `labels` is the message's full set afterwards."""

    id: int
    at: float
    kind: str
    message: int
    thread: int
    labels: frozenset[str]
    gained: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()


class Expired(Exception):
    """The start lies before what is remembered, or in the future."""


class History:
    """Records with growing ids that have gaps; `ttl` in seconds."""

    def __init__(self, current: int, ttl: float) -> None:
        self.current = current
        self.floor = current
        self.ttl = ttl
        self._records: list[Record] = []

    def next_id(self) -> int:
        """A new id; Gmail's skip numbers, so these do."""
        self.current += 1 + (self.current * 2654435761 >> 9) % 41
        return self.current

    def append(self, record: Record) -> None:
        """Remember `record`, whose id is the newest."""
        self._records.append(record)
        if len(self._records) > MOST + MOST // 10:
            self._forget(len(self._records) - MOST)

    def seed(self, records: Sequence[Record], floor: int) -> None:
        """Begin with what happened in the last days before the mailbox was opened."""
        self._records = list(records)
        self.floor = floor

    def since(self, start: int, now: float) -> Sequence[Record]:
        """The records after `start`, oldest first. Raises Expired."""
        self._forget(bisect_right(self._records, now - self.ttl, key=lambda record: record.at))
        if not self.floor <= start <= self.current:
            raise Expired
        return self._records[bisect_right(self._records, start, key=lambda record: record.id) :]

    def touched(self) -> frozenset[str]:
        """The labels that the newest change was about."""
        if not self._records:
            return frozenset()
        newest = self._records[-1]
        return newest.labels | newest.gained | newest.lost

    def expire(self) -> None:
        """Forget everything: every id that was ever given out is too old from now on."""
        self._records.clear()
        self.floor = self.next_id()

    def _forget(self, count: int) -> None:
        if count:
            self.floor = self._records[count - 1].id
            del self._records[:count]
