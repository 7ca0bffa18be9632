"""Name what a bucket answers to a reservation."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Grant:
    """`units` that may be spent in `wait` seconds; with 0 units nothing was taken: ask again then.

    `slot` and `minute` (the units that it paced a minute by) are the bucket's own notes.
    """

    units: int
    wait: float
    slot: int = 0
    minute: int = 0
