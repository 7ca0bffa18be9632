"""Make one call last: pay for it, repeat it when that may help, report a refusal to the bucket."""

import math
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from gmail import backoff
from gmail.errors import RateLimited, Transient
from gmail.quota import Bucket

T = TypeVar("T")


class Calls:
    """Counts and paces the calls of one client; times are seconds."""

    def __init__(
        self, bucket: Bucket, prices: Mapping[str, int], wait: Callable[[float, str], None], max_wait: float
    ) -> None:
        self.units = 0
        self.requests = 0
        self.wait = wait
        self.max_wait = max_wait
        self._bucket = bucket
        self._prices = prices

    def affordable(self, method: str, times: int) -> int:
        """How many of `times` calls to pay for at once: at least one, and so many that they fill a minute evenly."""
        if self._bucket.largest is None or not self._price(method):
            return times
        a_minute = max(1, self._bucket.largest // self._price(method))
        return min(times, a_minute // math.ceil(a_minute / times))

    def spend(self, method: str, times: int = 1) -> None:
        """Reserve the units of `times` calls, then wait until they may be spent; raises RateLimited (scope "own")."""
        units = self._price(method) * times
        delay = self._bucket.reserve(units, max_wait=self.max_wait)
        if delay > self.max_wait:
            raise RateLimited(f"our own quota is used up for {delay:.0f} s", time.time() + delay, "own")
        if delay > 0:
            self.wait(delay, "quota")
        self.units += units
        self.requests += 1

    def repeat(self, method: str, send: Callable[[], T], times: int = 1) -> T:
        """Pay for `times` calls that one request makes, then send it: four times at most while it is Transient."""
        attempt = 1
        while True:
            self.spend(method, times)
            try:
                return send()
            except RateLimited as error:
                self.refused(error)
                raise
            except Transient:
                if attempt == backoff.ATTEMPTS:
                    raise
            self.wait(backoff.jitter(attempt), "backoff")
            attempt += 1

    def refused(self, error: RateLimited) -> float:
        """Keep everybody off the mailbox after Google's refusal; the seconds for which."""
        seconds = backoff.pause(error, time.time())
        self._bucket.penalise(seconds)
        return seconds

    def _price(self, method: str) -> int:
        # A method without a price must not look free.
        return self._prices[method] if method in self._prices else max(self._prices.values(), default=0)
