"""Run calls side by side on real connections, one SQL statement at a time, in every order that matters."""

import queue
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, connections

Call = Callable[[], Any]

# Where an actor stops to let others go first: what touches a job, the resource's lock, what was written under a lease; and,
# since it is the last statement of most transactions, an event: before it they hold their locks.
MATTERS = re.compile(r'"syncjobs_syncjob"|INSERT INTO "syncjobs_syncjobevent"|"auth_user".* FOR |\bledger\b')
GLANCE, LONGEST = 0.002, 60.0  # seconds


class Violation(AssertionError):
    """An order of statements led to what must not be."""


class Actor(threading.Thread):
    """A thread with a database session of its own that makes one call after the other, as slowly as it is told."""

    def __init__(self, number: int) -> None:
        super().__init__(daemon=True, name=f"actor {number}")
        self.calls: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self.go = threading.Semaphore(0)
        self.stopped = threading.Event()  # before a statement or because the call is over
        self.over = True
        self.error: BaseException | None = None
        self.next = ""
        self.pid = 0
        self.start()

    def run(self) -> None:
        with connection.cursor() as cursor:  # nobody waits for time here, only for somebody's next step
            cursor.execute("SET lock_timeout = '60s'; SET idle_in_transaction_session_timeout = '60s'")
            cursor.execute("SELECT pg_backend_pid()")
            self.pid = cursor.fetchone()[0]
        self.stopped.set()
        while call := self.calls.get():
            try:
                with connection.execute_wrapper(self._stop_before):
                    call()
            except BaseException as error:
                self.error = error
            self.over = True
            self.stopped.set()
        connections.close_all()

    def begin(self, call: Call) -> None:
        self.over, self.error = False, None
        self.stopped.clear()
        self.calls.put(call)

    def step(self) -> None:
        self.stopped.clear()
        self.go.release()

    def _stop_before(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if MATTERS.search(sql):
            self.next = sql
            self.stopped.set()
            if not self.go.acquire(timeout=LONGEST):
                raise TimeoutError("nobody told this actor to go on")
        return execute(sql, *rest)


@dataclass
class Pick:
    """One decision of a schedule: which of so many possible actors went on."""

    chosen: int
    of: int


@dataclass
class Stage:
    """Some actors and whoever watches them."""

    actors: list[Actor]
    steps: int = 0
    waits: int = 0  # steps that had to wait for somebody else's lock
    names: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, size: int) -> "Stage":
        stage = cls([Actor(number) for number in range(size)])
        stage._settle(stage.actors)
        return stage

    def leave(self) -> None:
        for actor in self.actors:
            actor.calls.put(None)
        for actor in self.actors:
            actor.join(LONGEST)

    def play(
        self, cast: dict[str, Call], after_step: Call, choose: Callable[[int], int], most_preemptions: int
    ) -> list[Pick]:
        """One schedule: `choose(n)` picks among n who can go on, 0 being whoever went last. Raises Violation."""
        acting = self.actors[: len(cast)]
        self.names = list(cast)
        for actor, call in zip(acting, cast.values(), strict=True):
            actor.begin(call)
            self._settle([actor])  # up to its first statement: there is nothing to meet yet
        picks, told = [], []
        last: Actor | None = None
        left = most_preemptions
        while able := [actor for actor in acting if actor.stopped.is_set() and not actor.over]:
            going_on = last in able
            if going_on:
                able.remove(last)  # type: ignore[arg-type]
                able = [last, *able] if left else [last]  # type: ignore[list-item]
            picks.append(Pick(choose(len(able)), len(able)))
            actor = able[picks[-1].chosen]
            left -= going_on and actor is not last
            last = actor
            told.append(f"{self._name(actor)}: {actor.next[:110]}")
            try:
                actor.step()
                self._settle(acting)
                after_step()
            except Violation as violation:
                self._drain(acting)
                raise Violation("\n".join([str(violation), *told])) from None
        self._complain(acting, told)
        return picks

    def _name(self, actor: Actor) -> str:
        return self.names[self.actors.index(actor)]

    def _settle(self, acting: list[Actor]) -> None:
        """Until everybody has stopped, or waits in the database for somebody who has."""
        self.steps += 1
        until = time.monotonic() + LONGEST
        while moving := [actor for actor in acting if not actor.stopped.is_set()]:
            if moving[0].stopped.wait(GLANCE):
                continue
            if self._blocked(moving):
                self.waits += 1
                return
            if time.monotonic() > until:
                raise Violation(f"{self._name(moving[0])} does not move")

    def _blocked(self, moving: list[Actor]) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT bool_and(cardinality(pg_blocking_pids(pid)) > 0) FROM unnest(%s) pid",
                [[actor.pid for actor in moving]],
            )
            return bool(cursor.fetchone()[0]) and not any(actor.stopped.is_set() for actor in moving)

    def _drain(self, acting: list[Actor]) -> None:
        """Let everybody come to an end, in any order."""
        until = time.monotonic() + LONGEST
        while not all(actor.over for actor in acting) and time.monotonic() < until:
            for actor in acting:
                if actor.stopped.is_set() and not actor.over:
                    actor.step()
            time.sleep(GLANCE)

    def _complain(self, acting: list[Actor], told: list[str]) -> None:
        if not all(actor.over for actor in acting):
            self._drain(acting)
            raise Violation("\n".join(["everybody waits for somebody else", *told]))
        for actor in acting:
            if actor.error is not None:
                raise Violation("\n".join([f"{self._name(actor)} raised {actor.error!r}", *told])) from actor.error


def orders(play: Callable[[Callable[[int], int]], list[Pick]]) -> Iterator[list[Pick]]:
    """Play every schedule once, depth first: the same decisions up to the last that can be taken otherwise."""
    fixed: list[int] | None = []
    while fixed is not None:
        plan = iter(fixed)
        picks = play(lambda able, plan=plan: min(next(plan, 0), able - 1))  # type: ignore[misc]
        yield picks
        fixed = _other(picks)


def walks(play: Callable[[Callable[[int], int]], list[Pick]], dice: random.Random, times: int) -> Iterator[list[Pick]]:
    """Play as many schedules by lot."""
    for _ in range(times):
        yield play(dice.randrange)


def _other(picks: list[Pick]) -> list[int] | None:
    for place in range(len(picks) - 1, -1, -1):
        if picks[place].chosen + 1 < picks[place].of:
            return [pick.chosen for pick in picks[:place]] + [picks[place].chosen + 1]
    return None
