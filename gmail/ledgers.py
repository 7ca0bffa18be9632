"""Remember in this process what was spent on each mailbox, for the time when Redis is away or has forgotten."""

import threading
import time
from collections import OrderedDict

from gmail.local_window import LocalWindow

MOST_MAILBOXES = 2000
RECENT = 61.0  # seconds that a spend stays in a minute


class Ledgers:
    """The windows of this process, one a mailbox."""

    def __init__(self, limit_per_minute: int) -> None:
        self._memory = ""
        self._noted = -RECENT
        self._limit = limit_per_minute
        self._windows: OrderedDict[str, LocalWindow] = OrderedDict()
        self._lock = threading.Lock()

    def memory(self) -> str:
        """Which memory of Redis knows what we spent; "" when we spent nothing of late: it may have forgotten the rest."""
        return self._memory if time.monotonic() - self._noted < RECENT else ""

    def told(self, memory: str) -> None:
        """That memory knows it now."""
        self._memory = memory

    def noted(self) -> None:
        """Something was spent."""
        self._noted = time.monotonic()

    def window(self, mailbox: str) -> LocalWindow:
        """The window of one mailbox; who was not heard of for longest is forgotten."""
        with self._lock:
            window = self._windows.setdefault(mailbox, LocalWindow(self._limit))
            self._windows.move_to_end(mailbox)
            if len(self._windows) > MOST_MAILBOXES:
                self._windows.popitem(last=False)
            return window

    def known(self) -> dict[str, tuple[dict[int, int], float]]:
        """Of each mailbox that something was spent on of late: the spends (slots from now), the penalty in seconds."""
        with self._lock:
            windows = dict(self._windows)
        found = {mailbox: (window.known(), window.penalty()) for mailbox, window in windows.items()}
        return {mailbox: (spends, penalty) for mailbox, (spends, penalty) in found.items() if spends or penalty}
