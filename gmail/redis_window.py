"""Pace the spending of quota units among all processes, through Redis.

One script decides, atomically and by the server's clock. Spends are kept as units by slot, for at most six minutes, in
one hash for each mailbox and one for the project. When the project does not suffice for all, each mailbox that wants
more gets an equal share.
"""

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import redis as redis_client

from gmail import window
from gmail.grant import Grant
from gmail.ledgers import Ledgers
from gmail.priority import Priority

log = logging.getLogger(__name__)

# Of the project: the rest is kept for those who come first.
SHARES = {Priority.INTERACTIVE: 1.0, Priority.SCHEDULED: 0.7, Priority.BACKFILL: 0.5}
RANKS = {Priority.INTERACTIVE: 1, Priority.SCHEDULED: 2, Priority.BACKFILL: 3}
BEHIND = 0.9  # of a mailbox's minute, what a backfill may fill
GATHERING = 6.0  # seconds in which all who know what was spent tell a Redis that forgot it
STAYS = 15.0  # seconds after its last spend that a mailbox counts among those who share
AWAY = 5.0  # seconds without asking a Redis that did not answer
MOST_TRIES = 3
REMEMBERED = 600  # seconds that a mailbox asks for no more parts at once than Gmail bore
_PREFIX = "{gmail-quota}"  # one hash tag: a cluster keeps all keys in one place
_NUMBERS = {
    "SLOT": round(window.SLOT * 1000),
    "SPAN": window.SPAN,
    "MEMORY": window.MEMORY,
    "AHEAD": window.AHEAD,
    "CATCH_UP": window.CATCH_UP,
    "PORTIONS": window.PORTIONS,
    "WORTH": window.WORTH,
    "BURST": window.BURST,
    "POLL": window.POLL,
    "SMALL": window.SMALL,
    "NEAR": window.NEAR,
    "STAYS": round(STAYS / window.SLOT),
    "GATHERING": round(GATHERING * 1000),
}


def _script(name: str) -> str:
    """The Lua beside this module, which reckons with the same numbers."""
    numbers = "".join(f"local {name} = {number}\n" for name, number in _NUMBERS.items())
    return numbers + Path(__file__).with_name(f"{name}.lua").read_text()


_RESERVE, _GIVE_BACK, _TELL, _PENALISE = map(_script, ("reserve", "give_back", "tell", "penalise"))


class RedisWindow:
    """The windows of one Google identity and of the project; limits are units a minute, 0 means none.

    `redis` should have socket time-outs. While Redis is away, this process's own window in `ledgers` decides: it has
    heard of what was spent before, so the change of windows grants no second allowance.
    """

    def __init__(
        self,
        redis: redis_client.Redis,
        identity: str,
        user_limit: int,
        project: str,
        project_limit: int,
        priority: Priority,
        ledgers: Ledgers,
    ) -> None:
        share = window.SHARE * SHARES[priority]
        self._user = window.allowance(user_limit) if user_limit else 0
        self._project = max(1, int(project_limit * share)) if project_limit else 0
        self._redis, self._priority, self._ledgers = redis, priority, ledgers
        self._mailbox, self._name = identity, project
        self._away_until = 0.0

    def reserve(self, choices: Sequence[int], *, max_wait: float) -> Grant:
        user = math.ceil(self._user * BEHIND) if self._priority is Priority.BACKFILL else self._user
        rest: list[int | str] = [user, self._project, RANKS[self._priority], self._mailbox]
        for _ in range(MOST_TRIES):
            answer = self._run(_RESERVE, self._keys(), [int(max_wait * 1000), *rest, self._ledgers.memory(), *choices])
            if answer is None:
                return self._alone(choices, max_wait)
            if not self._has_forgotten(answer[4].decode()):
                return self._noted(answer)
        return Grant(0, GATHERING)

    def give_back(self, grant: Grant) -> None:
        if not grant.minute:
            self._ledgers.window(self._mailbox).give_back(grant)  # it was the window of this process that granted it
        elif grant.units:
            self._run(_GIVE_BACK, self._keys()[:2], [grant.slot, grant.units, self._user, self._project, grant.minute])

    def penalise(self, seconds: float) -> None:
        self._ledgers.window(self._mailbox).penalise(seconds)
        self._run(_PENALISE, self._keys()[2:3], [max(1, int(seconds * 1000))])

    def ceiling(self) -> int | None:
        kept = self._try(lambda: self._redis.get(self._ceiling_key) or 0)
        return int(kept) if kept else None

    def keep_ceiling(self, parts: int) -> None:
        self._try(lambda: self._redis.set(self._ceiling_key, parts, ex=REMEMBERED))

    @property
    def _ceiling_key(self) -> str:
        return f"{_PREFIX}:parts:{self._name}:{self._mailbox}"

    def _keys(self, mailbox: str = "") -> list[str]:
        of_mailbox = f"{self._name}:{mailbox or self._mailbox}"
        names = [f"user:{of_mailbox}", f"project:{self._name}", f"penalty:{of_mailbox}"]
        return [f"{_PREFIX}:{name}" for name in [*names, f"at-it:{self._name}", f"memory:{self._name}"]]

    def _alone(self, choices: Sequence[int], max_wait: float) -> Grant:
        if self._priority is Priority.BACKFILL:
            return Grant(0, AWAY)  # whether somebody else waits is not to be known
        mine = self._ledgers.window(self._mailbox)
        mine.assume_the_worst(min(self._user or self._project, self._project // window.PORTIONS or self._user))
        self._ledgers.noted()
        return mine.reserve(choices, max_wait=max_wait)

    def _has_forgotten(self, memory: str) -> bool:
        """Tell a Redis that does not remember what we know; True when it has to be asked again."""
        before = self._ledgers.memory()
        self._ledgers.told(memory)
        if not before or before == memory:
            return False
        for mailbox, (spends, penalty) in self._ledgers.known().items():
            keys = self._keys(mailbox)
            self._run(_TELL, keys[:2], [number for spend in spends.items() for number in spend])
            if penalty:
                self._run(_PENALISE, keys[2:3], [max(1, int(penalty * 1000))])
        return True

    def _noted(self, answer: Sequence[Any]) -> Grant:
        units, wait, slot, now, _, minute, *spends = answer
        if units:
            self._ledgers.noted()
            pairs: Mapping[int, int] = dict(zip(spends[::2], spends[1::2], strict=True))
            self._ledgers.window(self._mailbox).learn({at - now: spent for at, spent in pairs.items()}, minute)
        return Grant(units, wait / 1000, slot, minute)

    def _run(self, script: str, keys: Sequence[str], arguments: Sequence[int | str]) -> Any:
        """The script's answer, None while Redis is away."""
        return self._try(lambda: self._redis.register_script(script)(keys=keys, args=arguments) or ())

    def _try(self, ask: Callable[[], Any]) -> Any:
        """What Redis answers, None while it is away."""
        if time.monotonic() < self._away_until:
            return None
        try:
            return ask()
        except redis_client.RedisError as error:
            self._away_until = time.monotonic() + AWAY
            log.warning("Redis is away (%s): this process paces Gmail calls by itself", type(error).__name__)
            return None
