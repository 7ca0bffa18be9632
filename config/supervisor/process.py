"""One process of the Procfile: started, read from, started again."""

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from config.embedded.child import spawn, sweep
from config.embedded.errors import CannotStart
from config.supervisor.procfile import Entry

_LONGEST_LINE = 64 * 1024  # bytes


class Process:
    """Its output is a pipe that never blocks the reader."""

    def __init__(self, entry: Entry, environ: Mapping[str, str], directory: Path) -> None:
        self.name = entry.name
        self.process: subprocess.Popen[bytes] | None = None
        self._command = entry.command
        self._environ = environ
        self._directory = directory
        self._partial = b""

    @property
    def descriptor(self) -> int | None:
        """Where its output can be read; None before the first start and after the end of the output."""
        output = self.process.stdout if self.process else None
        return output.fileno() if output and not output.closed else None

    def start(self) -> None:
        """Start it, after the end of whatever an earlier start left behind; raises CannotStart."""
        self.clear()
        try:
            self.process = spawn(
                self._command,
                output=subprocess.PIPE,
                # SIGTERM would let a worker finish its task first: without us there is nobody to wait for it.
                death_signal=signal.SIGQUIT,
                environ=self._environ,
                directory=self._directory,
            )
        except OSError as error:
            raise CannotStart(f"{self.name} cannot be started: {self._command[0]}: {error.strerror}.") from None
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)

    def terminate(self) -> None:
        """Ask it to end; returns at once."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def clear(self) -> None:
        """Kill what is left of it and of its children, and close its pipe."""
        if self.process is not None:
            sweep(self.process)
            if self.process.stdout is not None:
                self.process.stdout.close()

    def lines(self) -> list[str]:
        """What it has written since the last call, as whole lines."""
        descriptor = self.descriptor
        if descriptor is None:
            return []
        try:
            data = os.read(descriptor, _LONGEST_LINE)
        except BlockingIOError:
            return []
        if not data and self.process is not None and self.process.stdout is not None:
            self.process.stdout.close()
        *whole, self._partial = (self._partial + data).split(b"\n")
        if len(self._partial) >= _LONGEST_LINE or (not data and self._partial):
            whole, self._partial = [*whole, self._partial], b""
        return [line.decode(errors="replace").rstrip() for line in whole]
