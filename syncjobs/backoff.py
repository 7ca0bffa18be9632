"""Decide when a failed attempt is tried again: pure, the dice are handed in."""

from collections.abc import Callable

FIRST_SECONDS = 30.0
LONGEST_SECONDS = 30 * 60.0
MOST_ATTEMPTS = 8
MOST_ATTEMPTS_OF_A_BUG = 3
MOST_CRASHES = 3

# The doorbell is rung again after a silence that doubles with each ring.
FIRST_RING, LONGEST_RING, MOST_DOUBLINGS = 15.0, 600.0, 10


def delay(attempt: int, dice: Callable[[], float], first: float = FIRST_SECONDS) -> float:
    """Seconds to wait after failed attempt number `attempt` (from 1): full jitter over a doubling ceiling, at least 1 s."""
    ceiling = min(first * 2 ** min(attempt - 1, 16), LONGEST_SECONDS)
    return max(1.0, ceiling * dice())
