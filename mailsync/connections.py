"""Give back connections to Postgres that a thread holds and does not need for now."""

from django.conf import settings
from django.db import connections


def release() -> None:
    """Those of this thread of the web process, but for one in the midst of a transaction; the next query takes another."""
    if settings.ROLE != "web":
        return
    for connection in connections.all(initialized_only=True):
        connection.close_if_unusable_or_obsolete()
