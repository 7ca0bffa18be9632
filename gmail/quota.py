"""Name what a caller needs to keep within Gmail's quota."""

from collections.abc import Sequence
from typing import Protocol

from gmail.grant import Grant
from gmail.ledgers import Ledgers
from gmail.local_window import LocalWindow
from gmail.prices import PRICES, price_table
from gmail.priority import Priority
from gmail.redis_window import RedisWindow

__all__ = [
    "PRICES",
    "Bucket",
    "Grant",
    "Ledgers",
    "LocalWindow",
    "Priority",
    "RedisWindow",
    "Unlimited",
    "price_table",
]


class Bucket(Protocol):
    """Where a client takes its units from."""

    def reserve(self, choices: Sequence[int], *, max_wait: float) -> Grant:
        """Reserve one of the ascending `choices` of units; nothing is taken where the wait were above `max_wait`."""

    def give_back(self, grant: Grant) -> None:
        """What was granted will not be spent, or not at its time."""

    def penalise(self, seconds: float) -> None:
        """Gmail refused: nobody spends on this mailbox for so long."""

    def ceiling(self) -> int | None:
        """The most parts of a batch that passed when Gmail last found them too many; None when that is long ago."""

    def keep_ceiling(self, parts: int) -> None:
        """Gmail bore so many parts, and no more."""


class Unlimited:
    """No limit of our own."""

    def reserve(self, choices: Sequence[int], *, max_wait: float) -> Grant:
        return Grant(choices[-1], 0.0)

    def give_back(self, grant: Grant) -> None:
        return None

    def penalise(self, seconds: float) -> None:
        return None

    def ceiling(self) -> int | None:
        return None

    def keep_ceiling(self, parts: int) -> None:
        return None
