"""Count what happens in this process, and tell it to Redis, where the counts of all processes on all machines are one.

To count is to add to a dictionary: no I/O, no failure, from any thread or loop. A thread of each process tells every few
seconds what is new. Redis may forget all of it: counters then begin at nought, which their readers know from restarts.
"""

import logging
import os
import socket
import threading
import time
from collections import Counter
from functools import cache
from typing import Any

import redis
from django.conf import settings

log = logging.getLogger(__name__)

COUNTS, LEVELS = "syncjobs:meters", "syncjobs:levels"
TELL_SECONDS = 2.0
SILENT_SECONDS = 30.0  # after which a process that told a level is taken for dead
PATIENCE = 0.5
SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)  # upper bounds of observed times
PART = "\t"

Labels = tuple[tuple[str, str], ...]
Key = tuple[str, Labels]


class Meters:
    """The counts of one process that Redis does not know yet; safe to share among threads, begun anew in each fork."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._untold: Counter[str] = Counter()
        self._levels: Counter[str] = Counter()
        self._thread: threading.Thread | None = None

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        """So many more of these."""
        with self._lock:
            self._untold[field(name, labels)] += amount  # type: ignore[assignment] # seconds are counted, too
            self._begin()

    def observe(self, name: str, seconds: float) -> None:
        """One more that took so long: its bucket, the sum, the number."""
        bound = next((str(each) for each in SECONDS if seconds <= each), "+Inf")
        with self._lock:
            self._untold[field(f"{name}_bucket", {"le": bound})] += 1
            self._untold[field(f"{name}_sum", {})] += max(seconds, 0.0)  # type: ignore[assignment]
            self._begin()

    def level(self, name: str, change: int) -> None:
        """So many more, or fewer, of what is there at the moment in this process."""
        with self._lock:
            self._levels[name] += change
            self._begin()

    def tell(self) -> None:
        """Tell Redis; what it does not hear is told next time."""
        with self._lock:
            untold, self._untold = self._untold, Counter()
            levels = dict(self._levels)
        try:
            with _client(settings.REDIS_URL).pipeline(transaction=False) as pipeline:
                for each, amount in untold.items():
                    pipeline.hincrbyfloat(COUNTS, each, amount)
                for name, value in levels.items():
                    pipeline.hset(LEVELS, f"{name}{PART}{_process()}", f"{value}{PART}{time.time()}")
                pipeline.execute()
        except (redis.RedisError, OSError) as error:
            log.debug("counts are told later: %s", type(error).__name__)
            with self._lock:
                self._untold.update(untold)

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._keep_telling, name="meters", daemon=True)
            self._thread.start()

    def _keep_telling(self) -> None:
        while True:
            time.sleep(TELL_SECONDS)
            if self._untold or self._levels:
                self.tell()


meters = Meters()
# A child has none of the threads, and must not tell what its parent tells.
os.register_at_fork(after_in_child=meters.__init__)  # type: ignore[misc] # the same object, as new


def read() -> dict[Key, float]:
    """Every count by name and labels. Raises redis.RedisError."""
    found: Any = _client(settings.REDIS_URL).hgetall(COUNTS)
    return {parsed(each.decode()): float(amount) for each, amount in found.items()}


def read_levels(now: float) -> dict[str, int]:
    """What there is at the moment, over all processes that still tell; the dead are forgotten. Raises redis.RedisError."""
    client = _client(settings.REDIS_URL)
    found: Any = client.hgetall(LEVELS)
    levels: Counter[str] = Counter()
    for each, said in found.items():
        value, _, at = said.decode().partition(PART)
        if now - float(at) > SILENT_SECONDS:
            client.hdel(LEVELS, each)
        else:
            levels[each.decode().partition(PART)[0]] += int(value)
    return dict(levels)


def field(name: str, labels: dict[str, str]) -> str:
    """A count as Redis calls it."""
    clean = {key: value.replace(PART, " ")[:100] for key, value in labels.items()}
    return PART.join([name, *(f"{key}={value}" for key, value in sorted(clean.items()))])


def parsed(text: str) -> Key:
    """The same read again."""
    name, *labels = text.split(PART)
    return name, tuple((key, value) for key, _, value in (each.partition("=") for each in labels))


def _process() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


@cache
def _client(url: str) -> redis.Redis:
    # A client that made its pool closes it when it goes, and of two threads that come first at once one's client goes: in mid-use.
    pool = redis.ConnectionPool.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
    return redis.Redis(connection_pool=pool)
