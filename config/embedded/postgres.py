"""A PostgreSQL server under the home."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from config.embedded import binaries, cluster, postmaster
from config.embedded.child import spawn, stop, wait_until
from config.embedded.errors import CannotStart
from config.embedded.home import Home
from config.embedded.ports import LOOPBACK, free_port
from config.embedded.transcript import complaint, open_log
from config.embedded.unprivileged import Identity, identity

# What is lost with the machine does not matter to a test.
CARELESS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
ORPHANS_END_WITHIN = 10  # seconds
SOCKET_PATH_LIMIT = 100  # bytes, of 107 that the kernel allows


class Postgres:
    """One server; start() may be called again after it died, and answers at the same address."""

    name = "postgres"

    def __init__(self, home: Home, password: str, *, durable: bool = True) -> None:
        self.home = home
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._password = password
        self._durable = durable
        self._began_at = 0  # bytes of the log that earlier starts have written

    @property
    def url(self) -> str:
        return f"postgres://{cluster.OWNER}:{self._password}@{LOOPBACK}:{self.port}/{cluster.DATABASE}"

    def start(self) -> None:
        """Return when it answers; raises CannotStart. The first start makes the cluster, about 2 s."""
        who = identity()
        programs = binaries.postgres(who)
        data = cluster.ensure(self.home, who, programs, self._password)
        postmaster.clear(data)
        deadline = time.monotonic() + ORPHANS_END_WITHIN
        while not self._launched(programs, data, who):
            self.stop()
            reason = complaint(self.home, self.name, self._began_at)
            # Backends of a postmaster that was killed notice it within seconds; nobody else may write before that.
            if "shared memory block" not in reason or time.monotonic() > deadline:
                raise CannotStart(f"PostgreSQL did not start in {data}: {reason}")
            time.sleep(0.2)
        cluster.ensure_database(programs, self.port, self._password)

    def stop(self) -> None:
        """A fast shutdown (SIGINT), which closes every connection; at most 2 s, then the next start recovers."""
        if self.process is not None:
            stop(self.process, signal.SIGINT, patience=2)

    def _launched(self, programs: Path, data: Path, who: Identity | None) -> bool:
        with open_log(self.home, self.name) as log:
            self._began_at = log.tell()
            self.process = spawn(
                [programs / "postgres", "-D", data, *self._options(data)],
                output=log,
                death_signal=signal.SIGINT,
                identity=who,
                directory=Path("/"),
            )
        return wait_until(lambda: postmaster.is_ready(data), self.process, timeout=60)

    def _options(self, data: Path) -> list[str]:
        fits = len(os.fsencode(data)) < SOCKET_PATH_LIMIT - len("/.s.PGSQL.65535.lock")
        settings = [
            f"listen_addresses={LOOPBACK}",
            f"port={self.port}",
            f"unix_socket_directories={data if fits else ''}",
            "max_connections=200",
            "wal_level=minimal",
            "max_wal_senders=0",
            "log_min_messages=warning",
            "log_line_prefix=%m ",
            *(() if self._durable else CARELESS),
        ]
        return [word for setting in settings for word in ("-c", setting)]


def remove(home: Home) -> None:
    """Forget the cluster of a home that is no longer wanted."""
    data = cluster.directory(home)
    shutil.rmtree(data.resolve(), ignore_errors=True)
    if data.is_symlink():
        data.unlink()
