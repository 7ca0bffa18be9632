"""Check that there is room for more mail."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection

from mailsync.doctor.registry import Finding, bad, ok

LEAST_FREE = 2**30  # bytes
LEAST_SHARE = 0.05


def room() -> Iterator[Finding]:
    """On this machine; a database elsewhere only says how big it is."""
    for what, path in _places().items():
        total, _, free = shutil.disk_usage(path)
        if free < max(LEAST_FREE, LEAST_SHARE * total) and free < 50 * LEAST_FREE:
            yield bad(
                f"The disk of {what} ({path}) has {_size(free)} left of {_size(total)}.", "Make room, or a bigger disk."
            )
        else:
            yield ok(f"The disk of {what} has {_size(free)} left of {_size(total)}.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        yield ok(f"The database has {_size(cursor.fetchone()[0])}.")


def _places() -> dict[str, Path]:
    places = {"temporary files": Path(tempfile.gettempdir())}
    if settings.EMBEDDED:
        home = Path(os.environ.get("MAILSYNC_HOME") or settings.ROOT / ".mailsync")
        places["the embedded database"] = home if home.exists() else settings.ROOT
    return places


def _size(count: int) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"
