"""Child processes that never outlive their parent."""

import contextlib
import ctypes
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from config.embedded.unprivileged import Identity, become

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def spawn(
    command: Sequence[str | Path],
    *,
    output: int | IO[bytes],
    death_signal: signal.Signals,
    identity: Identity | None = None,
    environ: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own; on Linux it gets `death_signal` when this process dies, however it dies.

    Call it from the main thread: the kernel watches the thread that forked.
    """
    return subprocess.Popen(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=directory,
        env=None if environ is None else dict(environ),
        start_new_session=True,
        preexec_fn=_tied_to(os.getpid(), death_signal),
        **become(identity),
    )


def stop(process: subprocess.Popen[bytes], polite: signal.Signals, *, patience: float) -> None:
    """Ask with `polite`; after `patience` seconds kill the whole session."""
    if process.poll() is None:
        process.send_signal(polite)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    sweep(process)


def sweep(process: subprocess.Popen[bytes]) -> None:
    """Kill whatever is left of the process and of those that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(5)


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], *, timeout: float) -> bool:
    """True when `ready()` within `timeout` seconds; False when the process ended or the time is up."""
    deadline = time.monotonic() + timeout
    while process.poll() is None and time.monotonic() < deadline:
        if ready():
            return True
        time.sleep(0.02)
    return False


def _tied_to(parent: int, death_signal: signal.Signals) -> Callable[[], None]:
    def in_the_child() -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a death by SIGQUIT leaves no core file behind
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
            if os.getppid() != parent:  # the parent died between fork and prctl: nobody would tell us
                os._exit(1)

    return in_the_child
