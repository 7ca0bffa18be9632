"""The postmaster.pid of a cluster, and what it says of the server that wrote it."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from config.embedded.errors import CannotStart

STATUS_LINE = 7  # of postmaster.pid, counted from 0: "ready" once connections are accepted (PostgreSQL's pidfile.h)


def is_ready(data: Path) -> bool:
    """Whether the server of this cluster accepts connections."""
    lines = _pid_file(data)
    return len(lines) > STATUS_LINE and lines[STATUS_LINE].strip() == "ready"


def clear(data: Path) -> None:
    """Stop a server that outlived its parent and make a stale file harmless; call it only under the claim on the home.

    After kill -9 the pid in the file may belong to a stranger by now, and Postgres would refuse to start. It never
    minds its parent's pid. The file itself must stay: from its other lines Postgres learns whether orphans still write.
    """
    lines = _pid_file(data)
    pid = int(lines[0]) if lines and lines[0].strip().isdigit() else 0
    if pid and _is_postmaster_of(pid, data):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        _await_end(pid, data)
    if lines := _pid_file(data):
        lines[0], lines[STATUS_LINE:] = str(os.getpid()), ["stale"]
        (data / "postmaster.pid").write_text("\n".join(lines) + "\n")


def _await_end(pid: int, data: Path) -> None:
    deadline = time.monotonic() + 10
    while _is_postmaster_of(pid, data):
        if time.monotonic() > deadline:
            raise CannotStart(f"A PostgreSQL of an earlier start (process {pid}) does not end: stop it.")
        time.sleep(0.05)


def _is_postmaster_of(pid: int, data: Path) -> bool:
    arguments = _arguments(pid)
    return str(data) in arguments and "postgres" in arguments


def _arguments(pid: int) -> str:
    """The command line of a process; empty when it has ended, even if nobody has collected it yet."""
    if Path("/proc/self/cmdline").exists():  # a small Linux has no ps
        try:
            return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
        except OSError:
            return ""
    command = ["ps", "-ww", "-o", "args=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, timeout=10).stdout


def _pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []
