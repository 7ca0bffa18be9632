"""The files of a PostgreSQL cluster: made once, checked at each start."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from config.embedded.errors import CannotStart
from config.embedded.home import Home
from config.embedded.ports import LOOPBACK
from config.embedded.unprivileged import Identity, become, reaches, shared_directory

OWNER = DATABASE = "mailsync"
MAJOR = "18"
CREATE_DATABASE = """
SELECT 'CREATE DATABASE mailsync' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'mailsync') \\gexec
"""
# Postgres' own C.UTF-8: sorts and folds the same on every system, whatever locales it has.
LOCALE = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")


def directory(home: Home) -> Path:
    """Where the cluster is, or a link to where it is."""
    return home.path / "postgres"


def ensure(home: Home, who: Identity | None, programs: Path, password: str) -> Path:
    """The directory of a usable cluster; made when there is none. Raises CannotStart."""
    data = directory(home)
    if not data.is_symlink() and not data.exists():
        _create(data, who, programs, password)
    data = data.resolve()
    version = data / "PG_VERSION"
    if not version.is_file() or not (data / "global" / "pg_control").is_file():
        raise CannotStart(
            f"MAILSYNC_HOME {home.path} is damaged: {data} is no PostgreSQL cluster; restore or remove it."
        )
    if (found := version.read_text().strip()) != MAJOR:
        raise CannotStart(
            f"{data} was made by PostgreSQL {found}, and this is {MAJOR}: dump it there, restore it here."
        )
    if who is not None and data.stat().st_uid != who.uid:
        _give(data, who)
    return data


def ensure_database(programs: Path, port: int, password: str) -> None:
    """Create our database where the cluster has none yet; raises CannotStart."""
    command = [str(programs / "psql"), "-X", "-q", "-h", LOOPBACK, "-p", str(port), "-U", OWNER, "-d", "postgres"]
    outcome = subprocess.run(
        [*command, "-v", "ON_ERROR_STOP=1"],
        input=CREATE_DATABASE,
        env={"PGPASSWORD": password, "PGCONNECT_TIMEOUT": "10"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    if outcome.returncode:
        raise CannotStart(f"PostgreSQL refuses us: {_reason(outcome.stderr)}")


def _create(data: Path, who: Identity | None, programs: Path, password: str) -> None:
    """A cluster appears whole or not at all: initdb works beside the final name."""
    elsewhere = who is not None and not reaches(who, data.parent)
    partial = Path(tempfile.mkdtemp(prefix=".postgres-", dir=shared_directory() if elsewhere else data.parent))
    try:
        if who is not None:
            os.chown(partial, who.uid, who.gid)
        _initdb(partial, who, programs, password)
        if elsewhere:
            partial = partial.rename(partial.with_name(partial.name.lstrip(".")))
            data.symlink_to(partial)
        else:
            partial.rename(data)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _initdb(target: Path, who: Identity | None, programs: Path, password: str) -> None:
    read, write = os.pipe()  # the password passes through no file and no command line
    os.write(write, password.encode() + b"\n")
    os.close(write)
    if who is not None:
        os.fchown(read, who.uid, who.gid)
    command = [str(programs / "initdb"), "-D", str(target), "-U", OWNER, "-A", "scram-sha-256"]
    try:
        outcome = subprocess.run(
            [*command, f"--pwfile=/dev/fd/{read}", *LOCALE, "--no-sync", "--no-instructions"],
            capture_output=True,
            text=True,
            pass_fds=[read],
            cwd="/",
            timeout=120,
            **become(who),
        )
    finally:
        os.close(read)
    if outcome.returncode:
        raise CannotStart(f"PostgreSQL could not be set up in {target.parent}: {_reason(outcome.stderr)}")


def _reason(output: str) -> str:
    lines = output.strip().splitlines() or ["initdb failed."]
    return next((line for line in lines if "error:" in line or "FATAL" in line), lines[-1])


def _give(data: Path, who: Identity) -> None:
    """Made by an ordinary user, now run by root: the files must belong to whom Postgres runs as."""
    for path in (data, *data.rglob("*")):
        os.chown(path, who.uid, who.gid, follow_symlinks=False)
