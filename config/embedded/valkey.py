"""A Valkey server, which speaks Redis' protocol, under the home."""

import signal
import subprocess
from pathlib import Path

import redis

from config.embedded import binaries
from config.embedded.child import spawn, stop, wait_until
from config.embedded.errors import CannotStart
from config.embedded.home import Home
from config.embedded.ports import LOOPBACK, free_port
from config.embedded.transcript import complaint, open_log


class Valkey:
    """One server; start() may be called again after it died, and answers at the same address."""

    name = "valkey"

    def __init__(self, home: Home, password: str) -> None:
        self.home = home
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._password = password

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@{LOOPBACK}:{self.port}/0"

    def start(self) -> None:
        """Return when it answers; raises CannotStart."""
        directory = self.home.path / "valkey"
        directory.mkdir(exist_ok=True, mode=0o700)
        with open_log(self.home, self.name) as log:
            began_at = log.tell()
            self.process = spawn(
                [binaries.valkey(), self._configuration(directory)], output=log, death_signal=signal.SIGTERM
            )
        if not wait_until(self._answers, self.process, timeout=30):
            self.stop()
            raise CannotStart(f"Valkey did not start in {directory}: {complaint(self.home, self.name, began_at)}")

    def stop(self) -> None:
        """Valkey writes out its log and ends; at most 1.5 s."""
        if self.process is not None:
            stop(self.process, signal.SIGTERM, patience=1.5)

    def _answers(self) -> bool:
        """It listens before it has read its log: only an answer tells that it could."""
        with redis.Redis.from_url(self.url, socket_timeout=1, socket_connect_timeout=1, retry=None) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    def _configuration(self, directory: Path) -> Path:
        """In a file, for a command line shows the password to everybody."""
        path = directory / "valkey.conf"
        path.touch(mode=0o600)
        path.write_text(
            f"bind {LOOPBACK}\nport {self.port}\nrequirepass {self._password}\ndir {_quoted(directory)}\n"
            'appendonly yes\nappendfsync everysec\nmaxmemory-policy noeviction\nsave ""\nloglevel notice\n'
            "daemonize no\n"
        )
        return path


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
