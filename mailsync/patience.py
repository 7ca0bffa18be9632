"""Ask a Postgres that may hang without hanging with it: its kernel takes what we send, and nobody ever answers."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import psycopg
from django.db import connection

TO_CONNECT = 2  # seconds, of which libpq knows no fraction and no 1
TO_ANSWER = 2.0


def answers() -> bool:
    """Whether the database answers a new connection, within four seconds: those that are kept may be held up for ever."""
    try:
        parameters = connection.get_connection_params() | {"connect_timeout": TO_CONNECT}
        with closing(Impatient.connect(**parameters)) as line:
            line.execute("")
    except psycopg.Error:
        return False
    return True


class Impatient(psycopg.Connection[Any]):
    """A connection for a pool, whose check is to execute nothing: psycopg.Error unless that is answered soon."""

    def execute(self, query: Any, *parameters: Any, **options: Any) -> psycopg.Cursor[Any]:
        """As ever, but for the check."""
        if query:
            return super().execute(query, *parameters, **options)
        with cut_after(TO_ANSWER, self):
            return super().execute(query)


@contextmanager
def cut_after(seconds: float, line: psycopg.Connection[Any]) -> Iterator[None]:
    """Whoever still waits for an answer after that gets psycopg.OperationalError, and the connection is of no use any more."""
    # A descriptor of its own: by then the number may belong to somebody else's socket.
    with socket.socket(fileno=os.dup(line.fileno())) as ours:
        timer = threading.Timer(seconds, _cut, [ours])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _cut(ours: socket.socket) -> None:
    with suppress(OSError):
        ours.shutdown(socket.SHUT_RDWR)
