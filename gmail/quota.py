"""Name what a caller needs to keep within Gmail's quota."""

from typing import Protocol

from gmail.prices import PRICES, price_table
from gmail.priority import Priority
from gmail.redis_window import RedisWindow
from gmail.window import LocalWindow

__all__ = ["PRICES", "Bucket", "LocalWindow", "Priority", "RedisWindow", "Unlimited", "price_table"]


class Bucket(Protocol):
    """Where a client takes its units from."""

    @property
    def largest(self) -> int | None:
        """The most units that one reservation can be granted; None: any number."""

    def reserve(self, units: int, *, max_wait: float) -> float:
        """Seconds to wait before spending; when that is above `max_wait`, nothing was taken."""

    def penalise(self, seconds: float) -> None:
        """Gmail refused: nobody spends on this mailbox for so long."""


class Unlimited:
    """No limit of our own."""

    largest: int | None = None

    def reserve(self, units: int, *, max_wait: float) -> float:
        return 0.0

    def penalise(self, seconds: float) -> None:
        return None
