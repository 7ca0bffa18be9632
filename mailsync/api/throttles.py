"""Bound what one user may ask of the API in a minute."""

import logging
import math
import time
from functools import cache

from django.conf import settings
from django.views import View
from limits import RateLimitItem, parse
from limits.storage import RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis import ConnectionPool
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

log = logging.getLogger(__name__)

PATIENCE = 0.2  # seconds for Redis to answer, and as many to connect
BREAK_SECONDS = 10.0  # after a failure nobody waits for Redis again for so long: until then everything passes
READ = "read"

_broken_until = 0.0


class PerUser(BaseThrottle):
    """`API_THROTTLES` by scope: a POST has the scope that its view names as `throttle_scope`, all else is a read."""

    def allow_request(self, request: Request, view: View) -> bool:
        """One round trip to Redis; True without asking for whoever is not signed in, whom nothing here answers anyway."""
        scope = getattr(view, "throttle_scope", READ) if request.method == "POST" else READ
        rate = settings.API_THROTTLES.get(scope)
        if rate is None or request.user.pk is None:
            return True
        self.seconds = seconds_to_wait(parse(rate), scope, str(request.user.pk))
        return self.seconds is None

    def wait(self) -> float | None:
        """Whole seconds until the next call passes."""
        return self.seconds


def seconds_to_wait(limit: RateLimitItem, *whose: str, counting: bool = True) -> int | None:
    """None when the call passes, which is counted unless it is only asked about; without Redis everything does."""
    global _broken_until
    if time.monotonic() < _broken_until:
        return None
    storage = _storage(settings.REDIS_URL)
    try:
        window = SlidingWindowCounterRateLimiter(storage)
        if (window.hit if counting else window.test)(limit, *whose):
            return None
        found = storage.get_sliding_window(limit.key_for(*whose), limit.get_expiry())
    except (RedisError, OSError) as error:
        _broken_until = time.monotonic() + BREAK_SECONDS
        log.warning("cannot count calls, all pass for a while: %s", type(error).__name__)
        return None
    return passes_in(limit.amount, limit.get_expiry(), *found)


def passes_in(amount: int, window: int, before: int, before_ends_in: float, now: int, now_ends_in: float) -> int:
    """Whole seconds, at least 1, until a call passes beside `before` calls of the last window, `now` calls of this one.

    The last window weighs its calls times the share of it that has not slid out yet, `before_ends_in / window`;
    `now_ends_in` is the end of the life of this window's count, which it has twice the window for.
    """
    room = amount - now
    if room <= 0:  # none before this window is the last one, whose weight falls from then on
        return math.floor(max(now_ends_in - window, 0)) + 1
    return math.floor(max(before_ends_in - room * window / max(before, 1), 0)) + 1


@cache
def _storage(url: str) -> RedisStorage:
    pool = ConnectionPool.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
    return RedisStorage("redis://", connection_pool=pool, key_prefix="mailsync:throttle")
