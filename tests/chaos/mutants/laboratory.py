"""Run named tests against a copy of the product with one mutant's changes in it; the product's own files never change."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import redis

from tests.chaos.mutants.table import Change, Mutant

ROOT = Path(__file__).resolve().parents[3]
COPIED = ("config", "gmail", "mailsync", "syncjobs", "tests")
PATIENCE = 280.0
OUTCOME = re.compile(r"^(PASSED|FAILED|ERROR) (tests/\S+::\w+)", re.MULTILINE)
PLUGINS = ("-p", "pytest_django.plugin", "-p", "pytest_timeout", "-p", "no:cacheprovider")
OPTIONS = ("-q", *PLUGINS, "--tb=line", "-rA", "--show-capture=no", "--timeout=60")
DATABASES = {
    False: ("mutants", "gw13"),
    True: ("mutants_schema", "gw14"),
}  # and the worker whose Redis database is used


@dataclass(frozen=True)
class Outcome:
    """Names of tests, without their parameters; a test is in two sets when its cases differ."""

    passed: frozenset[str]
    failed: frozenset[str]
    errors: frozenset[str]
    output: str


class Laboratory:
    """A copy of the product in `place`."""

    def __init__(self, place: Path) -> None:
        self.place, self.written, self.has_database = place, 0, False
        for package in COPIED:
            shutil.copytree(ROOT / package, place / package, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", place)

    def examine(self, mutant: Mutant) -> Outcome:
        """What the mutant's catchers say about it."""
        with self._changed(mutant.changes):
            return self.run(mutant.caught_by, new_schema=mutant.changes_the_schema)

    def run(self, tests: Sequence[str], *, new_schema: bool = False) -> Outcome:
        """Run these tests in the copy, with the servers of this very test run but a database apart."""
        environment = _environment(new_schema)
        if sys.dont_write_bytecode:  # every run would compile the whole world again
            environment["PYTHONPYCACHEPREFIX"] = str(self.place / "bytecode")
        redis.Redis.from_url(
            environment["REDIS_URL"].rsplit("/", 1)[0] + f"/{14 + new_schema}", socket_timeout=5
        ).flushdb()
        options = [*OPTIONS, *self._database(new_schema)]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *tests],
            cwd=self.place,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        found = OUTCOME.findall(done.stdout)
        named = {
            kind: frozenset(name for said, name in found if said == kind) for kind in ("PASSED", "FAILED", "ERROR")
        }
        return Outcome(named["PASSED"], named["FAILED"], named["ERROR"], done.stdout + done.stderr)

    def _database(self, new_schema: bool) -> list[str]:
        """Made once for all who share it."""
        if new_schema:
            return ["--create-db"]
        first, self.has_database = not self.has_database, True
        return ["--reuse-db", "--create-db"] if first else ["--reuse-db"]

    @contextmanager
    def _changed(self, changes: Sequence[Change]) -> Iterator[None]:
        before = {change.path: (self.place / change.path).read_text() for change in changes}
        try:
            for change in changes:
                self._write(change.path, applied(change, (self.place / change.path).read_text()))
            yield
        finally:
            for path, text in before.items():
                self._write(path, text)

    def _write(self, path: str, text: str) -> None:
        (self.place / path).write_text(text)
        # Two versions of the same size within one second: Python would take the bytecode of the other.
        self.written += 10
        os.utime(self.place / path, (self.written, self.written))


def applied(change: Change, text: str) -> str:
    """The text with the change in it."""
    assert text.count(change.old) == 1, f"{change.path} no longer holds exactly once: {change.old}"
    return text.replace(change.old, change.new)


def _environment(new_schema: bool) -> dict[str, str]:
    """As a worker of this test run would have it: its servers run already.

    The role is said: a test before may have loaded the web server, whose kept connections keep the time that a test turned.
    """
    name, worker = DATABASES[new_schema]
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "COV_", "PYTHONDONT"))}
    url = urlsplit(kept["DATABASE_URL"])
    database = urlunsplit(url._replace(path=f"/{name}"))
    said = {"MAILSYNC_ROLE": "command", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return kept | said | {"DATABASE_URL": database, "PYTEST_XDIST_WORKER": worker}
