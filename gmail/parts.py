"""Decide how many messages one batch may ask for.

The parts of a batch run concurrently at Google, against a cap per user that it does not publish: 25 pass on a resting
mailbox, and after a refusal even fewer do. All answers of a batch are in memory at once, so bytes bound it as well.
"""

MOST_PARTS = 25
MOST_BYTES = 8_000_000
MOST_MESSAGES = 100


class Appetite:
    """The parts of the next batch: halved when Gmail finds them too many, regained one by one."""

    def __init__(self, most: int = MOST_PARTS) -> None:
        self._most = max(1, most)
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

    def digested(self, messages: int, size: int) -> None:
        """A batch went through with `messages` of `size` bytes together."""
        self._parts = min(self._most, self._parts + 1)
        if messages:
            self._bytes_each = (self._bytes_each + size / messages) / 2 if self._bytes_each else size / messages
