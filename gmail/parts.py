"""Decide how many messages one batch may ask for.

The parts of a batch run concurrently at Google, against a cap per user that it does not publish: 25 pass on a resting
mailbox, and after a refusal even fewer do. How many passed then is kept for ten minutes, beyond this client: growing
into the next refusal again and again would make a habit of it. All answers of a batch are in memory at once, so bytes
bound it as well.
"""

from typing import Protocol

MOST_PARTS = 25
MOST_BYTES = 8_000_000
MOST_MESSAGES = 100


class Ceiling(Protocol):
    """Remembers for some minutes how many parts Gmail bore."""

    def ceiling(self) -> int | None:
        """The most parts that passed when Gmail last found them too many; None when that is long ago."""

    def keep_ceiling(self, parts: int) -> None:
        """Gmail bore so many parts, and no more."""


class Appetite:
    """The parts of the next batch: halved when Gmail finds them too many, regained one by one up to what passed then."""

    def __init__(self, memory: Ceiling, most: int = MOST_PARTS) -> None:
        self._memory = memory
        self._most = max(1, min(most, memory.ceiling() or most))
        self._parts = self._most
        self._bytes_each = 0.0

    @property
    def parts(self) -> int:
        if self._bytes_each * self._parts <= MOST_BYTES:
            return self._parts
        return max(1, int(MOST_BYTES / self._bytes_each))

    @property
    def messages(self) -> int:
        """The most messages that the answers of the next batch, of which a thread holds several, should bring."""
        if self._bytes_each * MOST_MESSAGES <= MOST_BYTES:
            return MOST_MESSAGES
        return max(1, int(MOST_BYTES / self._bytes_each))

    def refused(self) -> None:
        self._parts = max(1, self._parts // 2)

    def too_many(self, passed: int) -> None:
        """Gmail bore only `passed` parts of the last batch at once."""
        self._most = max(1, min(self._most - 1, passed or self._parts))
        self._parts = min(self._parts, self._most)
        self._memory.keep_ceiling(self._most)

    def digested(self, messages: int, size: int) -> None:
        """A batch went through with `messages` of `size` bytes together."""
        self._parts = min(self._most, self._parts + 1)
        if messages:
            self._bytes_each = (self._bytes_each + size / messages) / 2 if self._bytes_each else size / messages
