"""The unprivileged user that Postgres runs as when we are root."""

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.embedded.errors import CannotStart

SHARED = Path("/var/lib/mailsync")  # where root puts what the unprivileged user must reach but cannot at its place


@dataclass(frozen=True, slots=True)
class Identity:
    """A user that is not root."""

    name: str
    uid: int
    gid: int


def identity() -> Identity | None:
    """Whom to become: nobody else when we are an ordinary user; raises CannotStart when root has nobody to become."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Identity(name, entry.pw_uid, entry.pw_gid)
    raise CannotStart("PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as.")


def become(who: Identity | None) -> dict[str, Any]:
    """The arguments of subprocess that run a program as `who`; none for None."""
    return {"user": who.uid, "group": who.gid, "extra_groups": []} if who else {}


def reaches(who: Identity, path: Path) -> bool:
    """Whether this user may enter the directory, or run the program, at `path`: the kernel itself is asked."""
    question = ["test", "-x", str(path)]
    return not subprocess.run(question, **become(who), cwd="/", timeout=10).returncode


def shared_directory() -> Path:
    """A directory of root's that everybody may pass through; holds no secret by itself."""
    SHARED.mkdir(parents=True, exist_ok=True)
    SHARED.chmod(0o755)  # whatever the umask
    return SHARED


def copy_packages(sources: list[Path], label: str) -> Path:
    """Copy the directories side by side below the shared directory, once per `label`; returns their parent."""
    target = shared_directory() / label
    if target.exists():
        return target
    partial = Path(tempfile.mkdtemp(prefix=f".{label}-", dir=shared_directory()))
    for source in sources:
        shutil.copytree(source, partial / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(["chmod", "-R", "u+rwX,go+rX,go-w", partial], check=True, timeout=60)
    try:
        partial.rename(target)
    except OSError:  # another start was quicker
        shutil.rmtree(partial)
    return target
