"""Decide when how many quota units may be spent: pure, the clock is handed in.

Gmail counts units per minute and user, and per minute and project. A spend is planned only where no sliding minute that
contains it exceeds 99 % of the limit. Time is cut into slots of a tenth of a second. Gmail counts when calls arrive, we
when they are sent: between two spends that must not meet in one minute lie at least 60.2 seconds.

What was not spent in the last two minutes may be spent at once, but for a little: a single new mail must not wait
for the end of a minute that a big pass has used up. Beyond that spends follow a rhythm, so that work advances every few
seconds rather than once a minute. Who comes late catches up.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

SLOT = 0.1  # seconds
SPAN = 603  # slots: a minute, the slots that it cuts at both ends, a fifth of a second for the way to Gmail
MEMORY = int(120 / SLOT)  # slots that count against a burst
# Nobody books or blocks so many slots ahead: what stands there was left by a clock that was wrong.
AHEAD = int(7200 / SLOT)
CATCH_UP = int(15 / SLOT)  # slots by which a late spend may be made up for
PORTIONS = 10  # in which a minute is spent, so that work advances every few seconds
WORTH = 100  # units that are worth a request: portions are no smaller
POLL = 2  # units: a look at history waits for nothing but room
SMALL = 10  # units: a listing does not wait for the rhythm either, unless a burst has used the minute up
NEAR = SPAN // PORTIONS  # slots: a rhythm further ahead is that of a burst
SHARE = 0.99
BURST = (
    0.95  # of a minute's allowance may go at once to spends that are WORTH a request; the rest is for single messages
)


def allowance(limit_per_minute: int) -> int:
    """The units that we spend of a limit."""
    return max(1, int(limit_per_minute * SHARE))


def fitting(spent: dict[int, int], start: int, units: int, allowed: int) -> int:
    """The first slot from `start` on where `units` overfill no minute."""
    slot = start
    while (end := _overfilled(spent, slot, units, allowed)) is not None:
        # Every minute up to the one that the oldest spend of this one has left is as full.
        slot = min(key for key in spent if key > end - SPAN) + SPAN
    return slot


def _overfilled(spent: dict[int, int], slot: int, units: int, allowed: int) -> int | None:
    """The last slot of the first minute that contains `slot` and has no room for `units`."""
    for end, total in _minutes(spent, slot):
        if total + units > allowed:
            return end
    return None


def fullest(spent: dict[int, int], slot: int) -> int:
    """The units in the fullest minute that contains `slot`."""
    return max(total for _, total in _minutes(spent, slot))


def _minutes(spent: dict[int, int], slot: int) -> list[tuple[int, int]]:
    """The last slot, the units of each minute that contains `slot`."""
    total = sum(spent.get(key, 0) for key in range(slot - SPAN + 1, slot))
    found = []
    for end in range(slot, slot + SPAN):
        total += spent.get(end, 0)
        found.append((end, total))
        total -= spent.get(end - SPAN + 1, 0)
    return found


def portions(choices: Sequence[int], allowed: int) -> list[int]:
    """Those of the ascending `choices` that are no more than a tenth of a minute; at least one."""
    most = max(allowed // PORTIONS, WORTH)
    return [units for units in choices if units <= most] or list(choices[:1])


@dataclass(slots=True)
class Window:
    """The spends of the last two minutes and what is reserved ahead, by slot; the slot that the rhythm asks for next."""

    spent: dict[int, int] = field(default_factory=dict)
    rhythm: float = 0.0

    def plan(self, start: int, choices: Sequence[int], allowed: int) -> tuple[int, int]:
        """The slot from `start` on at which to spend, and which of the ascending `choices`: the most that has room then.

        It settles for less than was asked for: what does not fit would lie idle until the next spends leave the minute.
        """
        choices = portions(choices, allowed)
        most = choices[-1]
        enough = next(units for units in choices if 2 * units >= min(most, WORTH))
        at_once = int(allowed * BURST) if most > WORTH or POLL < most <= SMALL else allowed
        bursts = enough <= at_once - sum(self.spent.values())
        free = bursts or most <= POLL or (most <= SMALL and self._unburst(start, most, at_once))
        slot = start if free else max(start, int(self.rhythm))
        slot = fitting(self.spent, slot, min(enough, allowed), allowed)
        room = (at_once if bursts else allowed) - fullest(self.spent, slot)
        return slot, max((units for units in choices if units <= room), default=enough)

    def _unburst(self, slot: int, units: int, at_once: int) -> bool:
        return self.rhythm - slot < NEAR or fullest(self.spent, slot) + units <= at_once

    def take(self, slot: int, units: int, allowed: int) -> None:
        """Count `units` at `slot`; more than a minute holds counts as a full one."""
        units = min(units, allowed)
        credit = 0 if sum(self.spent.values()) + units <= allowed else CATCH_UP
        self.spent[slot] = self.spent.get(slot, 0) + units
        self.rhythm = max(self.rhythm, slot - credit) + units * SPAN / allowed

    def give_back(self, slot: int, units: int, allowed: int) -> None:
        """Take back what `take` counted."""
        units = min(units, allowed)
        self.spent[slot] = self.spent.get(slot, 0) - units
        self.rhythm -= units * SPAN / allowed
        if self.spent[slot] <= 0:
            del self.spent[slot]

    def forget(self, now: int) -> None:
        """Drop what is older than two minutes."""
        if self.spent and min(self.spent) <= now - MEMORY:
            self.spent = {slot: spent for slot, spent in self.spent.items() if slot > now - MEMORY}


def assumed(now: int, allowed: int) -> Window:
    """A minute that was spent to the last unit, evenly: what to expect where nothing is known."""
    portion, rest = divmod(allowed, PORTIONS)
    spent = {now - SPAN * number // PORTIONS: portion for number in range(1, PORTIONS)}
    return Window(spent | {now: portion + rest}, float(now))
