"""Lines of many processes on one terminal, each behind its name."""

import os
import select
import time
from collections.abc import Mapping
from itertools import cycle
from pathlib import Path

from config.embedded.home import Home
from config.embedded.transcript import bound

_COLOURS = cycle(["36", "33", "32", "35", "34", "96", "93", "92", "95", "94"])
# What a pipe takes without blocking once it is writable (POSIX's PIPE_BUF on Linux; macOS takes 512 and rarely blocks).
_ATOMIC = 4096


class Terminal:
    """Writes to a file descriptor, hardly ever waiting for it: when its reader stops reading, work goes on."""

    def __init__(self, home: Home, descriptor: int, environ: Mapping[str, str]) -> None:
        self.home = home
        self._descriptor = descriptor
        self._coloured = os.isatty(descriptor) and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
        self._colours: dict[str, str] = {}

    def line(self, name: str, text: str) -> None:
        """One line of the process called `name`: to the terminal, and to its log."""
        now = time.strftime("%H:%M:%S")
        prefix = f"{now} {name:<9} |"
        if self._coloured:
            colour = self._colours[name] = self._colours.get(name) or next(_COLOURS)
            prefix = f"\x1b[{colour}m{prefix}\x1b[0m"
        self._write(f"{prefix} {text}\n", patience=0)
        log(self.home.log(name), f"{now} {text}\n")

    def say(self, text: str) -> None:
        """Our own words, without a name; waits a moment for a busy reader."""
        self._write(text + "\n", patience=1)

    def _write(self, text: str, *, patience: float) -> None:
        data = text.encode(errors="replace")
        if len(data) > _ATOMIC:
            data = data[: _ATOMIC - 1] + b"\n"
        try:
            if select.select([], [self._descriptor], [], patience)[1]:
                os.write(self._descriptor, data)
        except OSError:
            pass  # the terminal is gone: the logs go on, and SIGHUP says what to do


def log(path: Path, text: str) -> None:
    """Append to a bounded file; a full disk silences the log and stops nothing else."""
    try:
        bound(path)
        with path.open("a", encoding="utf-8", errors="replace") as file:
            file.write(text)
    except OSError:
        pass
