"""When a process that died may start again."""

from dataclasses import dataclass

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 10.0  # seconds
HEALTHY_AFTER = 30.0  # seconds of life after which earlier deaths are forgiven


@dataclass(slots=True)
class Restarts:
    """The history of one process; times are seconds of one monotonic clock."""

    started_at: float = 0.0
    deaths: int = 0
    again_at: float | None = None

    def started(self, now: float) -> None:
        self.started_at, self.again_at = now, None

    def died(self, now: float) -> float:
        """Note a death, or a start that failed; returns the pause before the next start."""
        if self.again_at is None and now - self.started_at >= HEALTHY_AFTER:
            self.deaths = 0
        pause = min(FIRST_PAUSE * 2**self.deaths, LONGEST_PAUSE)
        self.deaths += 1
        self.again_at = now + pause
        return pause

    def is_due(self, now: float) -> bool:
        return self.again_at is not None and now >= self.again_at
