"""The supervisor's line to its guardian, which outlives it when it is killed."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

PROGRAM = Path(__file__).with_name("guardian.py")


class Guard:
    """PR_SET_PDEATHSIG reaches only our children, only on Linux, and a worker may hang in its own shutdown."""

    def __init__(self) -> None:
        self._told = ""
        self._process = self._spawn()

    def tell(self, leaders: Sequence[tuple[int, int]]) -> None:
        """Who would be left behind if we were killed now, with the signal that each should get first."""
        if self._process.poll() is not None:
            self._process, self._told = self._spawn(), ""
        line = json.dumps(leaders) + "\n"
        if line != self._told and self._process.stdin is not None:
            self._process.stdin.write(line.encode())
            self._told = line

    def dismiss(self) -> None:
        """Nobody is left: the guardian ends with its input."""
        self.tell([])
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(5)

    def _spawn(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-I", PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd="/",
            start_new_session=True,
        )
