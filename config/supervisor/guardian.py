"""End what a supervisor that was killed has left behind: a program of its own, without imports of ours."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable

GRACE = 3.0  # seconds between the polite signal and SIGKILL


def main() -> None:
    """Each line of standard input is the whole list of [pid, signal]; its end is the end of the supervisor."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    newest = "[]\n"
    for line in sys.stdin:
        newest = line if line.endswith("\n") else newest
    end([(int(pid), int(number)) for pid, number in json.loads(newest)])


def end(leaders: list[tuple[int, int]]) -> None:
    """Ask each leader of a process group to end, then kill the groups."""
    for pid, number in leaders:
        _send(os.kill, pid, number)
    deadline = time.monotonic() + GRACE
    while leaders and time.monotonic() < deadline:
        leaders = [(pid, number) for pid, number in leaders if _send(os.killpg, pid, 0)]
        time.sleep(0.05)
    for pid, _ in leaders:
        _send(os.killpg, pid, signal.SIGKILL)


def _send(send: Callable[[int, int], None], pid: int, number: int) -> bool:
    try:
        send(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()
