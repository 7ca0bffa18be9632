"""Decide when a failed attempt is tried again: pure, the dice are handed in."""

from collections.abc import Callable

FIRST_SECONDS = 30.0
LONGEST_SECONDS = 30 * 60.0
MOST_ATTEMPTS = 8
MOST_ATTEMPTS_OF_A_BUG = 3
MOST_CRASHES = 3


def delay(attempt: int, dice: Callable[[], float]) -> float:
    """Seconds to wait after failed attempt number `attempt` (from 1): full jitter over a doubling ceiling, at least 1 s."""
    ceiling = min(FIRST_SECONDS * 2 ** min(attempt - 1, 16), LONGEST_SECONDS)
    return max(1.0, ceiling * dice())


def ring_again_after(times_rung: int) -> float:
    """Seconds of silence after which the doorbell is rung again: messages get lost, busy workers need patience."""
    return min(15.0 * 2 ** min(max(times_rung - 1, 0), 10), 600.0)
