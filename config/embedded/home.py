"""The directory that holds everything the embedded default keeps."""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.embedded.errors import CannotStart

CHECKOUT = Path(__file__).resolve().parent.parent.parent
ROOM_NEEDED = 300 * 1024 * 1024  # bytes; an empty Postgres takes 60 MB and a full disk stops it for good


@dataclass(frozen=True, slots=True)
class Home:
    """`MAILSYNC_HOME`: an absolute path."""

    path: Path

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    def log(self, name: str) -> Path:
        """Where the process called `name` writes its lines."""
        return self.logs / f"{name}.log"


def locate(environ: Mapping[str, str]) -> Home:
    """The home that the environment names, else `.mailsync` in the checkout."""
    return Home(Path(environ.get("MAILSYNC_HOME") or CHECKOUT / ".mailsync").expanduser().absolute())


def prepare(home: Home) -> Home:
    """Make the directories; raises CannotStart when there is no right or no room to."""
    try:
        # As root, Postgres runs as somebody else and must pass through here; keys and state have modes of their own.
        home.path.mkdir(parents=True, exist_ok=True, mode=0o711 if os.getuid() == 0 else 0o700)
        home.logs.mkdir(exist_ok=True, mode=0o700)
        free = shutil.disk_usage(home.path).free
    except OSError as error:
        raise CannotStart(f"MAILSYNC_HOME {home.path} cannot be used: {error.strerror}.") from None
    if not os.access(home.path, os.W_OK | os.X_OK):
        raise CannotStart(f"MAILSYNC_HOME {home.path} cannot be used: it is not writable by this user.")
    if free < ROOM_NEEDED:
        raise CannotStart(f"Disk full: MAILSYNC_HOME {home.path} has {free >> 20} MB left and needs 300 MB.")
    return home


def write_private(path: Path, value: Mapping[str, object]) -> None:
    """Write JSON that only we may read; the file appears whole or not at all."""
    partial = path.with_suffix(".new")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    partial.write_text(json.dumps(value))
    partial.replace(path)
