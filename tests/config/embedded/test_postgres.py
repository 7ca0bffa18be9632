import os
import pwd
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from config.embedded import cluster
from config.embedded.errors import CannotStart
from config.embedded.home import Home
from config.embedded.postgres import Postgres

PASSWORD = "swordfish"
START_AND_WAIT = """
import sys
from pathlib import Path
from config.embedded.home import Home
from config.embedded.postgres import Postgres
server = Postgres(Home(Path(sys.stdin.readline().strip())), "swordfish")
server.start()
print(server.process.pid, flush=True)
sys.stdin.read()
"""


@contextmanager
def running(home: Home) -> Iterator[Postgres]:
    server = Postgres(home, PASSWORD, durable=False)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def ask(server: Postgres, question: str) -> Any:
    with psycopg.connect(server.url, connect_timeout=5) as connection:
        row = connection.execute(question).fetchone()
        return row and row[0]


def pid_file(home: Home) -> Path:
    return cluster.directory(home).resolve() / "postmaster.pid"


def test_a_second_start_finds_the_data_of_the_first(home: Home) -> None:
    with running(home) as server, psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    assert not psutil.pid_exists(server.process.pid) and not pid_file(home).exists()
    with running(home) as server:
        assert ask(server, "SELECT n FROM kept") == 7


def test_text_sorts_and_folds_the_same_on_every_system(home: Home) -> None:
    with running(home) as server:
        found = ask(
            server, "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = current_database()"
        )
        assert found == "bC.UTF-8"
        assert ask(server, "SELECT lower('ÄÉЖ')") == "äéж"


def test_it_never_runs_as_root_and_wants_its_password(home: Home) -> None:
    with running(home) as server:
        assert psutil.Process(server.process.pid).uids().real != 0
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(server.url.replace(PASSWORD, "guess"), connect_timeout=5)
        command_line = " ".join(psutil.Process(server.process.pid).cmdline())
        assert PASSWORD not in command_line


def test_after_kill_9_it_comes_back_at_the_same_address(home: Home) -> None:
    with running(home) as server:
        before = server.url
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait(10)
        server.start()
        assert server.url == before
        assert ask(server, "SELECT 1") == 1


def test_a_stale_pid_that_belongs_to_a_stranger_by_now_does_not_stop_it(
    home: Home, run_python: Callable[..., Any]
) -> None:
    with running(home) as server:
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait(10)
        stranger = run_python("import sys; sys.stdin.read()", os.environ)
        lines = pid_file(home).read_text().splitlines()
        pid_file(home).write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        server.start()
        assert ask(server, "SELECT 1") == 1
        assert stranger.poll() is None


def test_it_ends_when_its_parent_is_killed_and_the_next_start_takes_over(
    home: Home, run_python: Callable[..., Any]
) -> None:
    parent = run_python(START_AND_WAIT, os.environ)
    parent.stdin.write(f"{home.path}\n")
    parent.stdin.flush()
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait(10)
    with running(home) as server:  # on a system without PR_SET_PDEATHSIG it is this start that ends the orphan
        assert ask(server, "SELECT 1") == 1
    deadline = time.monotonic() + 10
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_directory_that_is_no_cluster_is_left_alone(home: Home) -> None:
    cluster.directory(home).mkdir()
    (cluster.directory(home) / "letter.txt").write_text("mine")
    with pytest.raises(CannotStart, match=r"is damaged: .* is no PostgreSQL cluster; restore or remove it"):
        Postgres(home, PASSWORD).start()
    assert (cluster.directory(home) / "letter.txt").read_text() == "mine"


def test_a_cluster_of_another_major_version_is_named(home: Home) -> None:
    with running(home):
        pass
    (cluster.directory(home) / "PG_VERSION").write_text("17\n")
    with pytest.raises(CannotStart, match="was made by PostgreSQL 17, and this is 18"):
        Postgres(home, PASSWORD).start()


def test_a_broken_cluster_is_reported_with_the_servers_own_reason(home: Home) -> None:
    with running(home):
        pass
    (cluster.directory(home) / "global" / "pg_control").write_bytes(b"\0" * 8192)
    with pytest.raises(CannotStart, match=r"PostgreSQL did not start in .*(FATAL|PANIC)"):
        Postgres(home, PASSWORD).start()


if os.geteuid() == 0:

    def test_as_root_what_the_unprivileged_user_cannot_reach_is_moved_to_where_it_can(home: Home) -> None:
        home.path.parent.chmod(0o700)
        with running(home) as server:
            data = cluster.directory(home)
            assert data.is_symlink() and data.resolve().parent == Path("/var/lib/mailsync")
            assert pwd.getpwuid(data.stat().st_uid).pw_name in {"postgres", "nobody"}
            assert data.resolve().stat().st_mode & 0o077 == 0
            assert home.path.parent.stat().st_mode & 0o777 == 0o700
            assert ask(server, "SELECT 1") == 1
