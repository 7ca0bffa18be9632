"""Own a place on the disk while an export is written to it."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

MARKER = "mailsync-export.json"
LABELS = "labels.jsonl"


class Occupied(Exception):
    """Something else is there; the text says what."""


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that bears its name once it is whole, never before. Raises Occupied, OSError."""
    if path.exists():
        raise Occupied(f"{path} exists already")
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def directory(path: Path, about: dict[str, str]) -> Iterator[IO[str]]:
    """A folder of this export alone, new or begun before; gives the file of labels. Raises Occupied, OSError."""
    path.mkdir(parents=True, exist_ok=True)
    if not (path / MARKER).exists() and any(path.iterdir()):
        raise Occupied(f"{path} is not empty, nor does it hold an export")
    with (path / MARKER).open("a+", encoding="utf-8") as marker:
        try:
            fcntl.flock(marker, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Occupied(f"another export is being written to {path}") from None
        _claim(path, marker, about)
        with (path / LABELS).open("a", encoding="utf-8", buffering=1) as labels:
            yield labels


def replace(path: Path, temporary: Path, content: bytes) -> None:
    """A file that is there as a whole or not at all."""
    temporary.write_bytes(content)
    temporary.rename(path)


def _claim(path: Path, marker: IO[str], about: dict[str, str]) -> None:
    marker.seek(0)
    said = marker.read()
    if said and said != json.dumps(about):
        raise Occupied(f"{path} holds another export: {said}")
    if not said:
        marker.write(json.dumps(about))
        marker.flush()
