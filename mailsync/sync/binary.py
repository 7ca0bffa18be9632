"""Run statements with their values beside them, in binary.

Elsewhere values are written into the text of the statement, where bytes take twice their size and several copies, which
Postgres has to read again: dear for whole mails.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper


@contextmanager
def cursor() -> Iterator[CursorWrapper]:
    """A cursor like Django's own; its statements name types (`%(ids)s::bigint[]`) and say `%(data)b` for bytes."""
    connection.ensure_connection()
    with CursorWrapper(psycopg.Cursor(connection.connection), connection) as opened:
        yield opened
