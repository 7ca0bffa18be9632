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

    def price(self, method: str) -> int:
        """The units of one call; a method without a price must not look free, so it counts as the dearest."""
        return self._prices[method] if method in self._prices else max(self._prices.values(), default=0)

    def affordable(self, units: int) -> int:
        """How many of `units` to pay for at once: so many that such payments fill a minute evenly."""
        if self._bucket.largest is None or not units:
            return units
        return self._bucket.largest // math.ceil(self._bucket.largest / units)

    def spend(self, units: int) -> None:
        """Reserve `units`, then wait until they may be spent; raises RateLimited (scope "own")."""
        delay = self._bucket.reserve(units, max_wait=self.max_wait)
        if delay > self.max_wait:
            raise RateLimited(f"our own quota is used up for {delay:.0f} s", time.time() + delay, "own")
        if delay > 0:
            self.wait(delay, "quota")
        self.units += units
        self.requests += 1

    def repeat(self, units: int, send: Callable[[], T]) -> T:
        """Pay `units` for one request, then send it: four times at most while it is Transient."""
        attempt = 1
        while True:
            self.spend(units)
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
