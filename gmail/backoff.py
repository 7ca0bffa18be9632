"""Decide how long to hold off after a failure."""

import random

from gmail.errors import RateLimited

ATTEMPTS = 4  # of one call: the first and three more
FIRST_CEILING, HIGHEST_CEILING = 1.0, 32.0  # seconds
BLIND_PAUSES = {"concurrency": 2.0, "day": 3600.0}
LONGEST_PAUSE = 3600.0


def jitter(attempt: int) -> float:
    """Full jitter before attempt number `attempt` (1 is the first repetition): up to 1, 2, 4 ... 32 seconds."""
    return random.uniform(0, min(HIGHEST_CEILING, FIRST_CEILING * 2.0 ** (attempt - 1)))  # noqa: S311 (no secret)


def pause(error: RateLimited, now: float) -> float:
    """Seconds during which nobody should spend on the mailbox after Gmail said `error`.

    Asking while limited moves the time further out, so an unnamed one is guessed generously.
    """
    if error.retry_at is not None:
        return min(max(1.0, error.retry_at - now), LONGEST_PAUSE) + random.uniform(0, 1)  # noqa: S311 (no secret)
    return BLIND_PAUSES.get(error.scope, 15.0)
