"""Let whoever wants observe each exchange with Gmail: what it cost and how it ended, nothing of the mail in it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass


@dataclass(slots=True)
class Exchange:
    """One HTTP request: the method called ("batch" for several), in how many parts, for how many units.

    How it ended is there when it has: `status` of HTTP (0: no answer came), `failed` parts of it.
    """

    method: str
    parts: int
    units: int
    status: int = 0
    failed: int = 0


Observer = Callable[[Exchange], AbstractContextManager[None]]


def unobserved(exchange: Exchange) -> AbstractContextManager[None]:
    """By nobody."""
    return nullcontext()
