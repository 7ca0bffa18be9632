"""Pace the spending of quota units within one process."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence

from gmail.grant import Grant
from gmail.window import SLOT, Window, allowance, assumed


class LocalWindow:
    """The window of one mailbox in one process; `limit_per_minute` 0 means no limit, penalties apart."""

    def __init__(self, limit_per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._allowed = allowance(limit_per_minute) if limit_per_minute else 0
        self._clock = clock
        self._window = Window()
        self._blocked_until = 0.0
        self._lock = threading.Lock()

    def reserve(self, choices: Sequence[int], *, max_wait: float) -> Grant:
        with self._lock:
            now = self._clock()
            self._window.forget(int(now / SLOT))
            slot, units = int(max(now, self._blocked_until) / SLOT), choices[-1]
            if self._allowed:
                slot, units = self._window.plan(slot, choices, self._allowed)
            wait = max(0.0, slot * SLOT - now, self._blocked_until - now)
            if wait > max_wait:
                return Grant(0, wait)
            if self._allowed:
                self._window.take(slot, units, self._allowed)
            return Grant(units, wait, slot)

    def give_back(self, grant: Grant) -> None:
        with self._lock:
            if self._allowed and grant.slot in self._window.spent:
                self._window.give_back(grant.slot, grant.units, self._allowed)

    def penalise(self, seconds: float) -> None:
        with self._lock:
            self._blocked_until = max(self._blocked_until, self._clock() + seconds)

    def ceiling(self) -> int | None:
        return None  # a process has few clients of one mailbox at once: each may learn it for itself

    def keep_ceiling(self, parts: int) -> None:
        return None

    def penalty(self) -> float:
        """For how many seconds nobody may spend."""
        return max(0.0, self._blocked_until - self._clock())

    def learn(self, spends: Mapping[int, int], minute: int) -> None:
        """Take over what all processes spent (units by slots from now, negative ones in the past), and of how much a minute."""
        with self._lock:
            now = int(self._clock() / SLOT)
            self._window.spent = {now + ahead: units for ahead, units in spends.items()}
            self._allowed = minute

    def known(self) -> dict[int, int]:
        """What `learn` takes, of the last two minutes."""
        with self._lock:
            now = int(self._clock() / SLOT)
            self._window.forget(now)
            return {slot - now: units for slot, units in self._window.spent.items()}

    def assume_the_worst(self, minute: int) -> None:
        """Where nothing is known to be spent, begin without a burst, with no more than `minute` units a minute (0: no limit)."""
        with self._lock:
            now = int(self._clock() / SLOT)
            if minute and not self._window.spent:
                self._allowed = min(self._allowed or minute, minute)
                self._window = assumed(now, self._allowed)
