"""The claim on a home: who runs its servers, and where they answer."""

import fcntl
import json
import os
import time
from dataclasses import dataclass
from typing import IO, Any

from config.embedded.home import Home, write_private

CLAIM, CLIENTS, STATE = "claim.lock", "clients.lock", "servers.json"


@dataclass(frozen=True, slots=True)
class Running:
    """What the holder of the claim has published."""

    pid: int
    command: str
    environment: dict[str, str]


class Lock:
    """An advisory lock on a file: the kernel lets go of it when the process dies, however it dies."""

    def __init__(self, home: Home, name: str) -> None:
        path = home.path / name
        path.touch(mode=0o600)
        self._file: IO[str] = path.open("r+")

    def take(self, *, shared: bool = False, timeout: float = 0) -> bool:
        """True when it is ours; waits at most `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                fcntl.flock(self._file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    return False
                time.sleep(0.05)
            else:
                return True

    def release(self) -> None:
        self._file.close()


def is_held(home: Home) -> bool:
    """Whether somebody runs, starts or stops the servers of this home at this moment."""
    if not (home.path / CLAIM).exists():
        return False
    lock = Lock(home, CLAIM)
    try:
        return not lock.take()
    finally:
        lock.release()


def publish(home: Home, command: str, environment: dict[str, str]) -> None:
    """Tell others in this home where the servers answer; only the holder of the claim may."""
    write_private(home.path / STATE, {"pid": os.getpid(), "command": command, "environment": environment})


def withdraw(home: Home) -> None:
    """The servers are about to stop."""
    (home.path / STATE).unlink(missing_ok=True)


def published(home: Home) -> Running | None:
    """What the holder of the claim has said; None while it starts. Believe it only while the claim is held."""
    try:
        state: dict[str, Any] = json.loads((home.path / STATE).read_bytes())
        return Running(int(state["pid"]), str(state["command"]), dict(state["environment"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
