"""What is checked before anything is started."""

import importlib
import os
from urllib.parse import urlsplit

import redis
from django.core.exceptions import ImproperlyConfigured

from config.embedded import claim
from config.embedded.errors import CannotStart
from config.embedded.home import Home

COMMAND = "script/server"
PATIENCE = 10.0  # seconds that a management command may take to let go of the servers


def take_claim(home: Home) -> claim.Lock:
    """The claim on this home, for as long as we live; raises CannotStart when somebody else has it."""
    lock = claim.Lock(home, claim.CLAIM)
    if lock.take():
        return lock
    holder = claim.published(home)
    if holder and holder.command != COMMAND and lock.take(timeout=PATIENCE):
        return lock
    who = f"{holder.command} (process {holder.pid})" if holder else "another start"
    raise CannotStart(f"{home.path} is in use by {who}: stop that, or set MAILSYNC_HOME to another directory.")


def check_settings() -> None:
    """Every setting is read once before anything starts; raises CannotStart with the sentence of the first bad one."""
    if not _names_postgres(os.environ.get("DATABASE_URL") or "postgres:"):
        raise CannotStart("DATABASE_URL must be a URL such as postgres://user:password@host:5432/name.")
    try:
        importlib.import_module("config.settings")
    except ImproperlyConfigured as error:
        raise CannotStart(str(error)) from None


def check_redis() -> None:
    """A Redis that the operator has named must answer; raises CannotStart."""
    try:
        with redis.Redis.from_url(os.environ["REDIS_URL"], socket_connect_timeout=5, socket_timeout=5) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise CannotStart(f"The Redis of REDIS_URL does not answer: {str(error).rstrip('.')}.") from None


def _names_postgres(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"postgres", "postgresql", "psql", "pgsql"} and parts.port != 0
    except ValueError:  # the port is no number
        return False
