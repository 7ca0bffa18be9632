"""Estimate how fast a job goes: pure, the clock is handed in."""

from collections import deque
from dataclasses import dataclass, field

WINDOW_SECONDS = 60.0
SHORTEST_SECONDS = 2.0


@dataclass(slots=True)
class Pace:
    """Things done within the last minute of work."""

    _samples: deque[tuple[float, int]] = field(default_factory=deque)

    def record(self, now: float, done: int) -> None:
        """`done` things in all at monotonic second `now`."""
        self._samples.append((now, done))
        while len(self._samples) > 2 and now - self._samples[0][0] > WINDOW_SECONDS:
            self._samples.popleft()

    def per_minute(self) -> float | None:
        """None until there is enough to tell."""
        if len(self._samples) < 2:
            return None
        (first, before), (last, after) = self._samples[0], self._samples[-1]
        if last - first < SHORTEST_SECONDS:
            return None
        return round((after - before) * 60 / (last - first), 1)

    def eta_seconds(self, remaining: int, at_least: float = 0.0) -> float | None:
        """Seconds until `remaining` things are done at this pace, `at_least` so many; None while unknown."""
        rate = self.per_minute()
        if not rate or rate <= 0:
            return at_least or None
        return max(round(remaining * 60 / rate, 1), at_least)
