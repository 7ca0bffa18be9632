"""Turn the clock of the scripts in Redis: many minutes of several clients in a second."""

import heapq
import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import redis

from gmail import redis_window
from gmail.calls import LATE
from gmail.ledgers import Ledgers
from gmail.priority import Priority
from gmail.redis_window import RedisWindow

TIME = "redis.call('TIME')"
HANDED_IN = "{redis.call('GET', 'clock'), 0}"
NAMES = ("_RESERVE", "_TELL", "_PENALISE")
BEGIN = 10**6
GETS = list(range(20, 520, 20))


@contextmanager
def clock_of(shared: redis.Redis) -> Iterator[Callable[[float], None]]:
    """Within it `turn(second)` is what the scripts take for now."""
    kept = {name: getattr(redis_window, name) for name in NAMES}
    for name, script in kept.items():
        setattr(redis_window, name, script.replace(TIME, HANDED_IN))
    try:
        yield lambda second: shared.set("clock", repr(BEGIN + second)) and None
    finally:
        for name, script in kept.items():
            setattr(redis_window, name, script)


@dataclass
class Client:
    """One who asks for what it wants until it has enough; what it spent, with the moments."""

    bucket: RedisWindow
    asks: Sequence[int] = field(default_factory=lambda: GETS)
    wants: float = float("inf")
    begins: float = 0.0
    answer: float = 0.5  # seconds of a request
    late: float = 0.0  # seconds that it comes too late after a wait, at most; its place is lost then
    spends: list[tuple[float, int]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def spent(self, begin: float = 0.0, end: float = float("inf")) -> int:
        """Units between two moments."""
        return sum(units for at, units in self.spends if begin <= at < end)


def play(turn: Callable[[float], None], clients: Sequence[Client], seconds: float, seed: int = 1) -> None:
    """Let all clients ask, each in its time."""
    dice, order = random.Random(seed), itertools.count()
    coming = [(client.begins, next(order), client) for client in clients]
    heapq.heapify(coming)
    while coming and coming[0][0] < seconds:
        now, _, client = heapq.heappop(coming)
        turn(now)
        grant = client.bucket.reserve(client.asks, max_wait=120)
        client.waits.append(grant.wait)
        late = client.late * dice.random() * bool(grant.wait)
        then = now + grant.wait + late
        if late > LATE:
            turn(then)
            client.bucket.give_back(grant)
        elif grant.units:
            client.spends.append((then, grant.units))
            then += client.answer * (0.5 + dice.random())
        if client.spent() < client.wants:
            heapq.heappush(coming, (then, next(order), client))


def bucket(shared: redis.Redis, name: str, **options: object) -> RedisWindow:
    """The bucket of one mailbox; every client is a process of its own."""
    settings = {"user_limit": 6000, "project": "p", "project_limit": 1_200_000, "priority": Priority.INTERACTIVE}
    settings |= {"ledgers": Ledgers(6000)} | options
    return RedisWindow(shared, name, **settings)  # type: ignore[arg-type]
