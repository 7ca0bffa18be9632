"""Do once what many ask for at the same moment."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

PATIENCE = 20.0  # seconds that one waits for the others


class Coalescer:
    """Calls of the same key: one is under way, and one that begins after it does for all who came meanwhile.

    Whoever is answered knows that the work was begun after he asked, and is done. Only within this process; `most` keys are
    remembered, and a forgotten one costs no more than work done twice.
    """

    def __init__(self, most: int = 4096) -> None:
        self._most = most
        self._places: OrderedDict[Hashable, _Place] = OrderedDict()
        self._lock = threading.Lock()

    def run(self, key: Hashable, work: Callable[[], object], asked: float | None = None) -> None:
        """Do `work`, unless somebody began it after `asked` (monotonic; None: now) and succeeds.

        Raises what `work` raises; TimeoutError.
        """
        asked, place = time.monotonic() if asked is None else asked, self._place(key)
        if not place.lock.acquire(timeout=PATIENCE):
            raise TimeoutError("others have been at it for too long")
        try:
            if place.begun > asked:
                return
            begun = time.monotonic()
            work()
            place.begun = begun
        finally:
            place.lock.release()

    def _place(self, key: Hashable) -> "_Place":
        with self._lock:
            place = self._places.setdefault(key, _Place())
            self._places.move_to_end(key)
            while len(self._places) > self._most:
                self._places.popitem(last=False)
            return place


class _Place:
    """The work for one key: who is at it, when the last success began."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.begun = float("-inf")
