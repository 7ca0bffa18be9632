"""Name who may spend first."""

from enum import Enum


class Priority(Enum):
    """Whose spend comes first when there is not enough for all."""

    INTERACTIVE = "interactive"  # somebody waits in front of a screen
    SCHEDULED = "scheduled"
    BACKFILL = "backfill"  # nobody waits: only what the others leave
