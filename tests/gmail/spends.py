"""Judge a plan of spends against Gmail's minute."""

from collections import deque

Spends = list[tuple[float, int]]


def fullest_minute(spends: Spends) -> int:
    """The most units that any 60 seconds hold; spends are (seconds, units)."""
    minute: deque[tuple[float, int]] = deque()
    total = most = 0
    for at, units in sorted(spends):
        minute.append((at, units))
        total += units
        while minute[0][0] <= at - 60:
            total -= minute.popleft()[1]
        most = max(most, total)
    return most


def units_in(spends: Spends, begin: float, end: float) -> int:
    """What was spent between two moments."""
    return sum(units for at, units in spends if begin <= at < end)
