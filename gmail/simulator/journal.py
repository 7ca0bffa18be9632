"""The file that lets a simulator's mailboxes outlive its process."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

Deed = dict[str, Any]


class Journal:
    """A first line that says which mail there was, then one line for each deed; without a path nothing is kept."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def opening(self, fresh: Deed) -> Deed:
        """The first line, written now from `fresh` if there is no file yet."""
        if self._path is None:
            return fresh
        lines = self._lines()
        if (first := next(lines, None)) is not None:
            return first
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._write(fresh)
        return fresh

    def deeds(self) -> Iterator[Deed]:
        """What was done after the opening, in order."""
        lines = self._lines()
        next(lines, None)
        yield from lines

    def append(self, deed: Deed) -> None:
        """Keep a deed."""
        if self._path is not None:
            self._write(deed)

    def _lines(self) -> Iterator[Deed]:
        if self._path is None or not self._path.exists():
            return
        with self._path.open("rb") as file:
            for line in file:
                # The last line is cut short when the process was killed while it wrote.
                if line.endswith(b"\n"):
                    yield orjson.loads(line)

    def _write(self, deed: Deed) -> None:
        if self._path is None:
            return
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, orjson.dumps(deed) + b"\n")
        finally:
            os.close(descriptor)
