"""Make one call last: pay for it, repeat it when that may help, report a refusal to the bucket."""

import time
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from gmail import backoff
from gmail.errors import GmailError, RateLimited, Transient
from gmail.exchange import Exchange, Observer, unobserved
from gmail.quota import Bucket, Grant

T = TypeVar("T")

LATE = 0.15  # seconds: who comes later than that after a wait could meet in one minute with whom it made room for
MOST_LATE = 3


class Calls:
    """Counts and paces the calls of one client; times are seconds."""

    def __init__(
        self,
        bucket: Bucket,
        prices: Mapping[str, int],
        wait: Callable[[float, str], None],
        max_wait: float,
        clock: Callable[[], float] = time.monotonic,
        observe: Observer = unobserved,
    ) -> None:
        self.units = 0
        self.requests = 0
        self.wait = wait
        self.max_wait = max_wait
        self._bucket = bucket
        self._prices = prices
        self._clock = clock
        self._observe = observe

    def price(self, method: str) -> int:
        """The units of one call; a method without a price must not look free, so it counts as the dearest."""
        return self._prices[method] if method in self._prices else max(self._prices.values(), default=0)

    def spend(self, choices: Sequence[int]) -> int:
        """Reserve one of the ascending `choices` of units, wait until it may be spent; raises RateLimited (scope "own")."""
        patience, lates = self.max_wait, 0
        while True:
            grant = self._bucket.reserve(choices, max_wait=self.max_wait)
            if grant.wait > patience:
                self._bucket.give_back(grant)
                message = f"our own quota is used up for {grant.wait:.0f} s"
                raise RateLimited(message, time.time() + grant.wait, "own")
            late = self._wait_for(grant)
            if not grant.units:
                patience -= grant.wait
            elif late <= LATE or lates == MOST_LATE:
                break
            else:
                lates += 1
                self._bucket.give_back(grant)
        self.units += grant.units
        self.requests += 1
        return grant.units

    def _wait_for(self, grant: Grant) -> float:
        """Wait; the seconds by which it took too long. What is not spent because the wait was broken off is given back."""
        if grant.wait <= 0:
            return 0.0
        due = self._clock() + grant.wait
        try:
            self.wait(grant.wait, "quota")
        except BaseException:
            self._bucket.give_back(grant)
            raise
        return self._clock() - due

    def repeat(self, units: int, send: Callable[[], T], method: str) -> T:
        """Pay `units` for one request, then send it: four times at most while it is Transient."""
        return self.repeat_some([units], lambda _: send(), method)

    def repeat_some(self, choices: Sequence[int], send: Callable[[Exchange], T], method: str) -> T:
        """As `repeat`, but pay the most of the ascending `choices` that there is room for; `send` hears what was paid for."""
        attempt = 1
        while True:
            units = self.spend(choices)
            try:
                return self._observed(Exchange(method, bisect_right(choices, units), units), send)
            except RateLimited as error:
                seconds = self.refused(error)
                raise RateLimited(str(error), error.retry_at or time.time() + seconds, error.scope) from error
            except Transient:
                if attempt == backoff.ATTEMPTS:
                    raise
            self.wait(backoff.jitter(attempt), "backoff")
            attempt += 1

    def _observed(self, exchange: Exchange, send: Callable[[Exchange], T]) -> T:
        with self._observe(exchange):
            try:
                answer = send(exchange)
            except GmailError as error:
                exchange.status = error.status
                raise
            exchange.status = 200
            return answer

    def refused(self, error: RateLimited) -> float:
        """Keep everybody off the mailbox after Google's refusal; the seconds for which."""
        seconds = backoff.pause(error, time.time())
        self._bucket.penalise(seconds)
        return seconds
