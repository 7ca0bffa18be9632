"""The bounded files that servers and processes write their lines to."""

import os
import shutil
from pathlib import Path
from typing import IO

from config.embedded.home import Home

BOUND = 5 * 1024 * 1024  # bytes per file, and one older file of the same size


def open_log(home: Home, name: str) -> IO[bytes]:
    """The log of the process called `name`, to be appended to."""
    path = home.log(name)
    bound(path)
    return path.open("ab")


def bound(path: Path) -> None:
    """Begin a file anew that has grown too long; a program that appends to it need not open it again."""
    if path.exists() and path.stat().st_size > BOUND:
        shutil.copyfile(path, path.with_suffix(".log.1"))
        os.truncate(path, 0)


def complaint(home: Home, name: str, since: int) -> str:
    """What the process wrote last that sounds like the reason of its end, for a message to a person.

    `since` is where in its log this start began, in bytes: before that stand the deaths of others, and such messages.
    """
    path = home.log(name)
    said = path.read_bytes() if path.exists() else b""
    lines = said[since if since <= len(said) else 0 :].decode(errors="replace").strip().splitlines()[-20:]
    lines = [
        line for line in lines if "HINT:" not in line
    ]  # Postgres', killed in its recovery, is of data that are lost
    serious = [line for line in lines if "FATAL" in line or "PANIC" in line or "rror" in line]
    return (serious or lines or [f"it wrote nothing to {path}."])[-1][:300]
