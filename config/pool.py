"""Bound the connections to Postgres that a web process keeps.

A request takes one, checked, and gives it back at its end: connecting anew took half of the time of a short one. What exceeds
the bounds is a 503 with Retry-After. While Postgres is away a request waits for up to ten seconds; connecting is tried anew
after 1, 3, 7 of them, later by the next request, not in the minutes of the default of the pool.
One that hangs is found out by the check, which waits two seconds for its answer.
"""

from typing import Any

from mailsync import patience


def options(most: int) -> dict[str, Any]:
    """For psycopg_pool.ConnectionPool, as Django's OPTIONS have it; times in seconds."""
    return {
        "name": "web",
        "connection_class": patience.Impatient,
        "min_size": min(2, most),
        "max_size": most,
        "max_waiting": 20 * most,
        "timeout": 10,
        "reconnect_timeout": 20,
        "max_idle": 300,
        "max_lifetime": 3600,
    }
