"""Check Redis and the broker: there, new enough, not throwing away what it was told."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import redis
from django.conf import settings
from kombu import Connection

from mailsync.doctor.registry import Finding, bad, note, ok

OLDEST = 6
PATIENCE = 3  # seconds


def reachable() -> Iterator[Finding]:
    """Whether it answers, as what."""
    try:
        found = _info("server")
    except redis.AuthenticationError:
        yield bad("Redis refuses the password.", "Correct REDIS_URL: redis://:PASSWORD@HOST:6379/0.")
        return
    except (redis.RedisError, OSError, ValueError) as error:
        yield bad(
            f"Redis at {_where(settings.REDIS_URL)} does not answer ({type(error).__name__}).",
            "Start it, or correct REDIS_URL. Until then no job is started by a click and no page is live.",
        )
        return
    name, version = (
        ("Valkey", found["valkey_version"]) if "valkey_version" in found else ("Redis", found["redis_version"])
    )
    if int(str(version).split(".")[0]) < OLDEST:
        yield bad(f"{name} {version} is too old.", f"Use Redis {OLDEST} or newer, or Valkey.")
    else:
        yield ok(f"{name} {version} answers.")


def eviction() -> Iterator[Finding]:
    """A full Redis must refuse, not forget: it holds the doorbell of jobs and the account of the quota."""
    found = _info("memory")
    policy = found.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        yield bad(
            f"Redis throws keys away when it is full (maxmemory-policy {policy}).",
            "Set `maxmemory-policy noeviction`, in its configuration and by CONFIG SET.",
        )
    elif found.get("maxmemory") and found["used_memory"] > 0.9 * found["maxmemory"]:
        yield note("Redis has used nine tenths of its memory.", "Raise maxmemory.")
    else:
        yield ok("Redis keeps what it is told.")


def broker() -> Iterator[Finding]:
    """Celery's messages may go by another server."""
    where = _where(settings.CELERY_BROKER_URL)
    try:
        with Connection(settings.CELERY_BROKER_URL, connect_timeout=PATIENCE) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=PATIENCE)
    except Exception as error:  # each transport has its own
        yield bad(
            f"The broker at {where} does not answer ({type(error).__name__}).",
            "Start it, or correct CELERY_BROKER_URL (REDIS_URL unless set).",
        )
    else:
        yield ok(f"The broker at {where} answers.")


def _info(section: str) -> dict[str, Any]:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
    try:
        found: Any = client.info(section)
        return dict(found)
    finally:
        client.close()


def _where(url: str) -> str:
    """Without a password."""
    parts = urlsplit(url)
    return f"{parts.hostname or 'the local socket'}:{parts.port or 6379}"
