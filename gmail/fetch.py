"""Fetch many messages in batches, sending the parts again that may succeed later."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from googleapiclient.http import HttpRequest

from gmail import backoff, decode
from gmail.batch import Part
from gmail.calls import Calls
from gmail.errors import GmailError, GrantRevoked, RateLimited, Transient
from gmail.parts import Appetite
from gmail.resources import Message

METHOD = "messages.get"
Answer = Message | GmailError
# Refusals in a row, without one message in between, after which the caller should look for other work.
MOST_REFUSALS = 6


@dataclass
class Fetch:
    """One fetching of many messages: what is left to ask for, how often each failed, how often Gmail refused."""

    calls: Calls
    appetite: Appetite
    send: Callable[[dict[str, HttpRequest]], dict[str, Part]]
    request: Callable[[str], HttpRequest]
    pending: deque[str] = field(default_factory=deque)
    failures: dict[str, int] = field(default_factory=dict)
    refusals: int = 0

    def run(self, ids: Iterable[str]) -> Iterator[tuple[str, Answer]]:
        """Each id once, in no promised order, with its message or its own error."""
        self.pending.extend(dict.fromkeys(ids))
        while self.pending:
            count = self.calls.affordable(METHOD, min(self.appetite.parts, len(self.pending)))
            yield from self._settle(self._ask([self.pending.popleft() for _ in range(count)]))

    def _ask(self, ids: list[str]) -> dict[str, Answer]:
        try:
            parts = self.calls.repeat(METHOD, lambda: self.send({id_: self.request(id_) for id_ in ids}), len(ids))
        except RateLimited as error:
            if error.scope == "own":
                raise
            return dict.fromkeys(ids, error)
        return {id_: _message(parts[id_]) for id_ in ids}

    def _settle(self, answers: dict[str, Answer]) -> Iterator[tuple[str, Answer]]:
        """Hand out what is final; put the rest back, then hold off as long as the worst of it asks for."""
        messages = [answer for answer in answers.values() if isinstance(answer, Message)]
        refused = [answer for answer in answers.values() if isinstance(answer, RateLimited)]
        worst_attempt = 0
        for id_, answer in answers.items():
            if isinstance(answer, GrantRevoked):
                raise answer
            if isinstance(answer, RateLimited):
                self.pending.append(id_)
            elif isinstance(answer, Transient) and self._count_failure(id_) < backoff.ATTEMPTS:
                self.pending.append(id_)
                worst_attempt = max(worst_attempt, self.failures[id_])
            else:
                yield id_, answer
        if refused:
            self._hold_off(refused, progress=bool(messages))
            return
        self.refusals = 0
        self.appetite.digested(len(messages), sum(len(message.raw or b"") for message in messages))
        if worst_attempt:
            self.calls.wait(backoff.jitter(worst_attempt), "backoff")

    def _count_failure(self, id_: str) -> int:
        self.failures[id_] = self.failures.get(id_, 0) + 1
        return self.failures[id_]

    def _hold_off(self, refused: list[RateLimited], *, progress: bool) -> None:
        self.appetite.refused()
        self.refusals = 0 if progress else self.refusals + 1
        worst = max(refused, key=lambda error: error.retry_at or 0.0)
        seconds = self.calls.refused(worst)
        if seconds > self.calls.max_wait or self.refusals >= MOST_REFUSALS:
            raise RateLimited(str(worst), worst.retry_at or time.time() + seconds, worst.scope)
        self.calls.wait(seconds, "quota")


def _message(part: Part) -> Answer:
    if isinstance(part, GmailError):
        return part
    try:
        return decode.message(part)
    except Transient as error:
        return error
