"""Number every boundary that a worker crosses, so that it can be cut at any of them.

At a boundary something becomes known elsewhere or becomes known here: a statement, a COMMIT, an exchange with Gmail, a
message to browsers or to the broker. What lies between two boundaries nobody else can see.
"""

import contextvars
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httplib2
import kombu
import requests
from channels_redis.core import RedisChannelLayer
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

BEFORE, AFTER, TRUNCATED = "before", "after", "truncated"
REPLY_LOST = "reply lost"  # committed, but the client only sees its connection break
NEVER_SENT = "never sent"  # the connection breaks before the server hears of the commit
WAYS = {
    "statement": (BEFORE, AFTER),
    "write": (BEFORE, AFTER, REPLY_LOST, NEVER_SENT),  # a statement that commits by itself
    "commit": (BEFORE, AFTER, REPLY_LOST, NEVER_SENT),
    "exchange": (BEFORE, AFTER, TRUNCATED),
    "snapshot": (BEFORE, AFTER),
    "ring": (BEFORE, AFTER),
}
SURVIVED = frozenset({REPLY_LOST, NEVER_SENT, TRUNCATED})  # these break what the worker uses, not the worker
PATIENCE = 60.0


class Cut(BaseException):
    """The worker is gone: nothing of the product catches this."""


@dataclass(frozen=True)
class Boundary:
    """A place in a run, with what happens there."""

    number: int
    kind: str
    way: str


@dataclass
class Scissors:
    """Counts what one worker crosses; at one boundary it ends the worker (`end`), or breaks what the worker uses.

    `answered` is told of each exchange that came back whole; `truncate` makes Gmail's next answer end in the middle.
    """

    at: Boundary | None = None
    end: Callable[[], None] = lambda: None
    answered: Callable[[], None] = lambda: None
    truncate: Callable[[], None] = lambda: None
    crossed: list[str] = field(default_factory=list)
    lines: list[Any] = field(default_factory=list)  # to Gmail: the end of a process would close them
    struck: bool = False
    gone: bool = False

    @contextmanager
    def crossing(self, kind: str) -> Iterator[str | None]:
        """Yields the way in which this boundary breaks, if it does."""
        if self.gone:
            raise Cut  # whoever is gone crosses nothing any more, whatever its `finally` would like
        here = self.at is not None and (self.at.number, self.at.kind) == (len(self.crossed), kind)
        way = self.at.way if self.at is not None and here else None
        self.crossed.append(kind)
        self.struck = self.struck or here
        if way == BEFORE:
            self._end()
        yield way
        if way == AFTER:
            self._end()

    def _end(self) -> None:
        self.gone = True
        self.end()
        raise Cut


_held: contextvars.ContextVar[Scissors | None] = contextvars.ContextVar("scissors", default=None)


@contextmanager
def _crossing(kind: str) -> Iterator[str | None]:
    scissors = _held.get()
    if scissors is None:
        yield None
        return
    with scissors.crossing(kind) as way:
        yield way


@contextmanager
def installed() -> Iterator[None]:
    """The libraries through which a worker reaches Gmail and Redis report each boundary to the scissors of their caller."""
    places: list[tuple[Any, str, Any]] = [
        (httplib2.Http, "request", _exchange),
        (requests.adapters.HTTPAdapter, "send", _exchange),
        (kombu.Producer, "publish", _ring),
        (RedisChannelLayer, "group_send", _snapshot),
    ]
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in places]
    for owner, name, around in places:
        setattr(owner, name, around(getattr(owner, name)))
    try:
        yield
    finally:
        for owner, name, original in before:
            setattr(owner, name, original)


def _exchange(original: Callable[..., Any]) -> Callable[..., Any]:
    def exchange(*args: Any, **kwargs: Any) -> Any:
        with _crossing("exchange") as way:
            scissors = _held.get()
            if scissors is not None and way == TRUNCATED:
                scissors.truncate()
            answer = original(*args, **kwargs)
            if scissors is not None:
                scissors.lines += [args[0], *([answer] if isinstance(answer, requests.Response) else [])]
            if scissors is not None and way != TRUNCATED:
                scissors.answered()
            return answer

    return exchange


def _ring(original: Callable[..., Any]) -> Callable[..., Any]:
    def ring(*args: Any, **kwargs: Any) -> Any:
        with _crossing("ring"):
            return original(*args, **kwargs)

    return ring


def _snapshot(original: Callable[..., Any]) -> Callable[..., Any]:
    async def group_send(*args: Any, **kwargs: Any) -> Any:
        with _crossing("snapshot"):
            return await original(*args, **kwargs)

    return group_send


@contextmanager
def holding(scissors: Scissors) -> Iterator[None]:
    """What this thread does from now on, it does under these scissors; its database connection begins anew."""
    connection.close()
    commit = connection._commit
    token = _held.set(scissors)
    connection._commit = lambda: _commit(connection, commit)  # type: ignore[method-assign]
    try:
        with connection.execute_wrapper(_statement):
            yield
    finally:
        del connection._commit  # type: ignore[misc]
        _held.reset(token)


def _statement(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    database = context["connection"]
    alone = not database.in_atomic_block and not sql.lstrip().upper().startswith("SELECT")
    with _crossing("write" if alone else "statement") as way:
        if way == NEVER_SENT:
            terminate(database)
        result = execute(sql, params, many, context)
        if way == REPLY_LOST:
            _lose(database)
        return result


def _commit(database: BaseDatabaseWrapper, commit: Callable[[], None]) -> None:
    with _crossing("commit") as way:
        if way == NEVER_SENT:
            terminate(database)
        commit()
        if way == REPLY_LOST:
            _lose(database)


def _lose(database: BaseDatabaseWrapper) -> None:
    """Break the connection under its client, which hears so instead of the reply that it waits for."""
    terminate(database)
    with database.wrap_database_errors:
        database.connection.execute("SELECT")
    raise AssertionError("the connection should be broken")


def terminate(database: BaseDatabaseWrapper) -> None:
    """End the server's side of a connection, seen from another one."""
    pid = database.connection.info.backend_pid
    other = database.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
            assert cursor.fetchone() == (True,)
    finally:
        other.close()


def vanish(database: BaseDatabaseWrapper) -> None:
    """Leave the server as a killed process does: no rollback, no word of farewell."""
    if database.connection is None or database.connection.closed:
        return
    with socket.socket(fileno=os.dup(database.connection.pgconn.socket)) as line:
        line.shutdown(socket.SHUT_RDWR)


def perform(work: Callable[[], None], scissors: Scissors) -> BaseException | None:
    """Do `work` in a thread of its own until it is done, fails or is cut; what ended it."""
    ended: list[BaseException | None] = [RuntimeError("did not finish")]

    def worker() -> None:
        # The wrapper is this thread's own; whoever ends it may be another one, such as the loop that sends a snapshot.
        database = connections["default"]
        scissors.end = lambda: vanish(database)
        try:
            with holding(scissors):
                work()
            ended[0] = None
        except BaseException as error:
            ended[0] = error
        finally:
            connections.close_all()
            for line in scissors.lines:
                line.close()

    thread = threading.Thread(target=worker, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return ended[0]
