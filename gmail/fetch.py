"""Fetch many messages and threads in batches, sending the parts again that may succeed later."""

import itertools
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from googleapiclient.http import HttpRequest

from gmail import backoff, decode
from gmail.batch import Part
from gmail.calls import Calls
from gmail.errors import GmailError, GrantRevoked, RateLimited, Transient
from gmail.exchange import Exchange
from gmail.parts import Appetite
from gmail.portion import messages_of, portion, weight
from gmail.resources import Ask, Message, Thread

BATCH = "batch"
METHODS = {"message": "messages.get", "thread": "threads.get"}
Answer = Message | Thread | GmailError
# Refusals in a row, without one message in between, after which the caller should look for other work.
MOST_REFUSALS = 6


@dataclass
class Fetch:
    """One fetching of many asks: which are left, how often each failed, how often Gmail refused."""

    calls: Calls
    appetite: Appetite
    send: Callable[[dict[Ask, HttpRequest]], dict[Ask, Part]]
    request: Callable[[Ask], HttpRequest]
    pending: deque[Ask] = field(default_factory=deque)
    failures: dict[Ask, int] = field(default_factory=dict)
    refusals: int = 0

    def run(self, asks: Iterable[Ask]) -> Iterator[tuple[Ask, Answer]]:
        """Each ask once, in no promised order, with its answer or its own error."""
        self.pending.extend(dict.fromkeys(asks))
        while self.pending:
            answers = self._ask(portion(self.pending, self.appetite))
            for _ in answers:
                self.pending.popleft()
            yield from self._settle(answers)

    def _price(self, ask: Ask) -> int:
        return self.calls.price(METHODS[ask.kind])

    def _ask(self, asks: list[Ask]) -> dict[Ask, Answer]:
        """The answers to as many of `asks`, from the first, as the quota has room for; all, where Gmail refuses."""
        costs = list(itertools.accumulate(map(self._price, asks)))
        try:
            parts = self.calls.repeat_some(costs, lambda paid: self._send(asks[: paid.parts], paid), BATCH)
        except RateLimited as error:
            if error.scope == "own":
                raise
            return dict.fromkeys(asks, error)
        return {ask: _read(ask, part) for ask, part in parts.items()}

    def _send(self, asks: list[Ask], exchange: Exchange) -> dict[Ask, Part]:
        parts = self.send({ask: self.request(ask) for ask in asks})
        exchange.failed = sum(isinstance(part, GmailError) for part in parts.values())
        return parts

    def _settle(self, answers: dict[Ask, Answer]) -> Iterator[tuple[Ask, Answer]]:
        """Hand out what is final; put the rest back, then hold off as long as the worst of it asks for."""
        sizes = [weight(message) for message in messages_of(answers.values())]
        refused = [answer for answer in answers.values() if isinstance(answer, RateLimited)]
        worst_attempt = 0
        for ask, answer in answers.items():
            if isinstance(answer, GrantRevoked):
                raise answer
            if isinstance(answer, RateLimited):
                self.pending.append(ask)
            elif isinstance(answer, Transient) and self._count_failure(ask) < backoff.ATTEMPTS:
                self.pending.append(ask)
                worst_attempt = max(worst_attempt, self.failures[ask])
            else:
                yield ask, answer
        if refused:
            self._hold_off(refused, passed=len(answers) - len(refused), progress=bool(sizes))
            return
        self.refusals = 0
        self.appetite.digested(len(sizes), sum(sizes))
        if worst_attempt:
            self.calls.wait(backoff.jitter(worst_attempt), "backoff")

    def _count_failure(self, ask: Ask) -> int:
        self.failures[ask] = self.failures.get(ask, 0) + 1
        return self.failures[ask]

    def _hold_off(self, refused: list[RateLimited], *, passed: int, progress: bool) -> None:
        self.appetite.refused()
        if any(error.scope == "concurrency" for error in refused):
            self.appetite.too_many(passed)
        self.refusals = 0 if progress else self.refusals + 1
        worst = max(refused, key=lambda error: error.retry_at or 0.0)
        seconds = self.calls.refused(worst)
        if seconds > self.calls.max_wait or self.refusals >= MOST_REFUSALS:
            raise RateLimited(str(worst), worst.retry_at or time.time() + seconds, worst.scope)
        self.calls.wait(seconds, "quota")


def _read(ask: Ask, part: Part) -> Answer:
    if isinstance(part, GmailError):
        return part
    try:
        answer = decode.message(part) if ask.kind == "message" else decode.thread(part)
        for message in messages_of([answer]):
            decode.complete(message, ask.format)
        return answer
    except Transient as error:
        return error
