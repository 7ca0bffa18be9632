"""A bucket that tells what it was asked for."""

from collections.abc import Sequence

from gmail.quota import Grant


class Bucket:
    """Grants the most of the choices up to `room` after `delay` seconds."""

    def __init__(self, delay: float = 0.0, room: int = 10**9) -> None:
        self.delay, self.room = delay, room
        self.reserved: list[int] = []
        self.returned: list[int] = []
        self.penalties: list[float] = []
        self.kept: int | None = None

    def reserve(self, choices: Sequence[int], *, max_wait: float) -> Grant:
        if self.delay > max_wait:
            return Grant(0, self.delay)
        self.reserved.append(max([units for units in choices if units <= self.room] or choices[:1]))
        return Grant(self.reserved[-1], self.delay)

    def give_back(self, grant: Grant) -> None:
        self.returned.append(grant.units)

    def ceiling(self) -> int | None:
        return self.kept

    def keep_ceiling(self, parts: int) -> None:
        self.kept = parts

    def penalise(self, seconds: float) -> None:
        self.penalties.append(seconds)
