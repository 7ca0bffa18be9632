import os
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import redis

from config.embedded.errors import CannotStart
from config.embedded.home import Home, prepare
from config.embedded.valkey import Valkey

PASSWORD = "swordfish"


@contextmanager
def running(home: Home) -> Iterator[tuple[Valkey, redis.Redis]]:
    server = Valkey(home, PASSWORD)
    server.start()
    try:
        with redis.Redis.from_url(server.url, socket_timeout=5, decode_responses=True) as client:
            yield server, client
    finally:
        server.stop()


def test_it_forgets_nothing_for_want_of_memory_and_writes_every_second(home: Home) -> None:
    with running(home) as (_, client):
        found = {**client.config_get("maxmemory-policy"), **client.config_get("append*")}
        assert (found["maxmemory-policy"], found["appendonly"], found["appendfsync"]) == (
            "noeviction",
            "yes",
            "everysec",
        )


def test_what_it_held_is_there_after_kill_9_and_a_restart(home: Home) -> None:
    with running(home) as (server, client):
        client.set("bell", "rung")
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait(10)
        server.start()
        assert client.get("bell") == "rung"


def test_its_password_stands_on_no_command_line(home: Home) -> None:
    with running(home) as (server, _):
        assert PASSWORD not in " ".join(psutil.Process(server.process.pid).cmdline())
        assert stat.S_IMODE((home.path / "valkey" / "valkey.conf").stat().st_mode) == 0o600
        with (
            pytest.raises(redis.AuthenticationError),
            redis.Redis(port=server.port, socket_timeout=5, retry=None) as stranger,
        ):
            stranger.ping()


def test_a_home_with_spaces_and_quotes_in_its_name_will_do(tmp_path: Path) -> None:
    with running(prepare(Home(tmp_path / 'my "mail" home'))) as (_, client):
        assert client.ping()


def test_a_damaged_log_is_reported_and_kept(home: Home) -> None:
    with running(home) as (_, client):
        client.set("a", "b")
    manifest = next((home.path / "valkey").glob("*/*.manifest"))
    manifest.write_text("nonsense")
    with pytest.raises(CannotStart, match="Valkey did not start in"):
        Valkey(home, PASSWORD).start()
    assert manifest.read_text() == "nonsense"
