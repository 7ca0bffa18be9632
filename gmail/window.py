"""Pace the spending of quota units within one process.

Gmail counts units per minute and user, and per minute and project. A window here admits a spend only when no sliding
minute that contains it exceeds 99 % of the limit. Time is cut into slots of a tenth of a second, and a minute is
taken as the 601 slots that it can touch, so the guarantee holds at any moment within a slot.

What was not spent in the last two minutes may be spent at once; beyond that, spends are spaced evenly, so that work
advances every few seconds rather than once a minute.
"""

import threading
import time
from collections.abc import Callable

SLOT = 0.1  # seconds
SPAN = int(60 / SLOT) + 1  # the slots that a minute can touch
MEMORY = int(120 / SLOT)  # slots that count against a burst
SHARE = 0.99


def allowance(limit_per_minute: int) -> int:
    """The units that we spend of a limit."""
    return max(1, int(limit_per_minute * SHARE))


def paced(spent: dict[int, int], start: int, units: int, allowed: int) -> int:
    """The slot from which on `units` keep the pace; `spent` holds the last two minutes and what is reserved ahead."""
    if not spent or sum(spent.values()) + units <= allowed:
        return start
    last = max(spent)
    a_minute = max(1, allowed // spent[last])  # how many spends like the last one a minute holds
    return max(start, last + SPAN // a_minute)


def fitting(spent: dict[int, int], start: int, units: int, allowed: int) -> int:
    """The first slot from `start` on where `units` overfill no minute."""
    slot = start
    while (end := _overfilled(spent, slot, units, allowed)) is not None:
        # Every minute up to the one that the oldest spend of this one has left is as full.
        slot = min(key for key in spent if key > end - SPAN) + SPAN
    return slot


def _overfilled(spent: dict[int, int], slot: int, units: int, allowed: int) -> int | None:
    """The last slot of the first minute that contains `slot` and has no room for `units`."""
    total = units + sum(spent.get(key, 0) for key in range(slot - SPAN + 1, slot))
    for end in range(slot, slot + SPAN):
        total += spent.get(end, 0)
        if total > allowed:
            return end
        total -= spent.get(end - SPAN + 1, 0)
    return None


class LocalWindow:
    """The window of one process; `limit_per_minute` 0 means no limit, penalties apart."""

    def __init__(self, limit_per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.largest = allowance(limit_per_minute) if limit_per_minute else None
        self._clock = clock
        self._spent: dict[int, int] = {}
        self._blocked_until = 0.0
        self._lock = threading.Lock()

    def reserve(self, units: int, *, max_wait: float) -> float:
        with self._lock:
            now = self._clock()
            start = int(max(now, self._blocked_until) / SLOT)
            slot = self._first_slot(start, units, now)
            wait = max(0.0, slot * SLOT - now, self._blocked_until - now)
            if wait <= max_wait:
                self._take(slot, units)
            return wait

    def record(self, units: int, delay: float) -> None:
        """Count units that were granted elsewhere, to be spent in `delay` seconds."""
        with self._lock:
            now = self._clock()
            self._forget(now)
            self._take(int((now + delay) / SLOT), units)

    def penalise(self, seconds: float) -> None:
        with self._lock:
            self._blocked_until = max(self._blocked_until, self._clock() + seconds)

    def _first_slot(self, start: int, units: int, now: float) -> int:
        if self.largest is None:
            return start
        self._forget(now)
        units = min(units, self.largest)
        return fitting(self._spent, paced(self._spent, start, units, self.largest), units, self.largest)

    def _forget(self, now: float) -> None:
        oldest = int(now / SLOT) - MEMORY
        if self._spent and min(self._spent) <= oldest:
            self._spent = {slot: spent for slot, spent in self._spent.items() if slot > oldest}

    def _take(self, slot: int, units: int) -> None:
        if self.largest is not None:
            self._spent[slot] = self._spent.get(slot, 0) + min(units, self.largest)
