"""Count what comes through the door for pushes: in Redis, so that a forged one costs no write to the database."""

import logging
import threading
import time
from collections import Counter
from functools import cache
from typing import Any

import redis
from django.conf import settings

log = logging.getLogger(__name__)

KEY = "mailsync:pushes"
PATIENCE = 0.2  # seconds for Redis to answer, and as many to connect
BREAK_SECONDS = 10.0  # after a failure what comes is counted here, and told later
ACCEPTED, MALFORMED, UNVERIFIABLE = "accepted", "malformed", "keys_unavailable"
FORGED = "forged:"  # followed by what was wrong


class Counts:
    """The counts of this process, told to Redis; safe to share among threads."""

    def __init__(self) -> None:
        self._untold: Counter[str] = Counter()
        self._broken_until = 0.0
        self._lock = threading.Lock()

    def add(self, name: str) -> None:
        """One more of these; never fails, and does not wait for a Redis that is away."""
        with self._lock:
            self._untold[name] += 1
            if time.monotonic() < self._broken_until:
                return
            untold, self._untold = self._untold, Counter()
        try:
            with _client(settings.REDIS_URL).pipeline(transaction=False) as pipeline:
                for each, count in untold.items():
                    pipeline.hincrby(KEY, each, count)
                pipeline.execute()
        except (redis.RedisError, OSError) as error:
            log.warning("pushes are counted later: %s", type(error).__name__)
            with self._lock:
                self._untold.update(untold)
                self._broken_until = time.monotonic() + BREAK_SECONDS


counts = Counts()


def read() -> dict[str, int]:
    """How many came, by what became of them, since Redis last lost its memory. Raises redis.RedisError."""
    found: Any = _client(settings.REDIS_URL).hgetall(KEY)
    return {name.decode(): int(count) for name, count in sorted(found.items())}


def forged(counted: dict[str, int]) -> int:
    """How many of them somebody else than Google sent."""
    return sum(count for name, count in counted.items() if name.startswith(FORGED))


@cache
def _client(url: str) -> redis.Redis:
    # A client that made its pool closes it when it goes, and of two threads that come first at once one's client goes: in mid-use.
    pool = redis.ConnectionPool.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
    return redis.Redis(connection_pool=pool)
