"""A Gmail and a second database server for what operators do."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.embedded import postgres
from config.embedded.home import Home, prepare
from config.embedded.postgres import Postgres
from tests.flows.product import Gmail

MESSAGES = 400
LATENCY = 0.1
OWNER = "mailsync_owner"


@pytest.fixture
def gmail() -> Iterator[Gmail]:
    """Ten mailboxes of 400 messages."""
    started = Gmail("--messages", str(MESSAGES), "--accounts", "10", "--latency", str(LATENCY))
    yield started
    started.stop()


@pytest.fixture
def directory() -> Iterator[Path]:
    """A place that PostgreSQL, which never runs as root, may enter."""
    with tempfile.TemporaryDirectory(prefix="mailsync-operations-", ignore_cleanup_errors=True) as made:
        Path(made).chmod(0o711)
        yield Path(made)


@pytest.fixture
def empty_database(directory: Path) -> Iterator[str]:
    """The URL of an empty database on a new server, owned by a role that is no superuser."""
    home = prepare(Home(directory / "server"))
    server = Postgres(home, "secret", durable=False)
    server.start()
    try:
        with psycopg.connect(server.url, autocommit=True, connect_timeout=10) as connection:
            connection.execute(f"CREATE ROLE {OWNER} LOGIN PASSWORD 'secret'")
            connection.execute(f"CREATE DATABASE {OWNER} OWNER {OWNER} TEMPLATE template0")
        yield f"postgres://{OWNER}:secret@127.0.0.1:{server.port}/{OWNER}"
    finally:
        server.stop()
        postgres.remove(home)
