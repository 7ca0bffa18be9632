"""Run servers of one's own for a benchmark: Postgres, Valkey, a simulator that answers at once."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from config.embedded import postgres
from config.embedded.environment import start_all, stop_all
from config.embedded.home import Home, prepare
from config.embedded.postgres import Postgres
from config.embedded.servers import plan
from tests.benchmarks.reading import Reading
from tests.flows.product import MISSING_HERE, ROOT, Gmail

EMAIL = "bench@example.com"
TO_PREPARE = 240.0  # seconds: a busy machine migrates slowly
TO_WORK = 60.0


@dataclass(frozen=True)
class Stage:
    """The servers, and the environment that leads to them."""

    gmail: Gmail
    postmaster: int
    environment: dict[str, str]

    def run(self, module: str, within: float = TO_WORK) -> Reading:
        """What a program measures of itself, in a process of its own."""
        return Reading.loads(self.said(module, within))

    def said(self, module: str, within: float = TO_WORK) -> str:
        """The last line that a program prints, in a process of its own."""
        command = [sys.executable, "-m", "tests.benchmarks.program", module, EMAIL, str(self.postmaster)]
        try:
            done = subprocess.run(
                command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=within, check=False
            )
        except subprocess.TimeoutExpired:
            raise SystemExit(f"{module} was not done within {within:.0f} s") from None
        if done.returncode:
            raise SystemExit(f"{module} failed:\n{done.stderr[-4000:]}")
        return done.stdout.splitlines()[-1]

    def asked(self) -> dict[str, Any]:
        """What the simulator was asked for since the last time."""
        counted = self.gmail.stats()
        self.gmail.control("reset-stats")
        return counted

    def units(self) -> int:
        """What it has charged since then."""
        return sum(self.asked()["units"].values())

    def truth(self, email: str = EMAIL) -> dict[str, set[str]]:
        """The labels of each message as Gmail has them."""
        options = {"email": email, "hashes": "0"}
        box = requests.get(f"{self.gmail.address}/control/mailbox", params=options, timeout=TO_WORK).json()
        return {message["id"]: set(message["labelIds"]) for message in box["messages"]}


@contextmanager
def stage(messages: int, *emails: str, latency: str = "none", durable: bool = True) -> Iterator[Stage]:
    """Servers with mailboxes of so many messages, one if none is named, a migrated database; everything is gone afterwards."""
    directory = Path(tempfile.mkdtemp(prefix="mailsync-bench-"))
    directory.chmod(0o711)  # as root, Postgres runs as somebody else and must pass through here
    home = Home(directory)
    try:
        with served(home, messages, *emails, latency=latency, durable=durable) as servers:
            yield servers
    finally:
        postgres.remove(home)
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def served(home: Home, messages: int, *emails: str, latency: str = "none", durable: bool = True) -> Iterator[Stage]:
    """The same in a home of the caller's, which stays as it is left."""
    kept = {name: value for name, value in os.environ.items() if name not in MISSING_HERE}
    accounts = ",".join(emails or (EMAIL,))
    gmail = Gmail("--accounts", accounts, "--messages", str(messages), "--latency", latency, "--quota", "0")
    try:
        made = plan(prepare(home), kept | {"GOOGLE_BASE_URL": gmail.address}, simulator=False, durable=durable)
        try:
            start_all(made.servers)
            (server,) = (server for server in made.servers if isinstance(server, Postgres))
            assert server.process is not None
            environment = (
                kept
                | made.environment
                | {
                    "GOOGLE_BASE_URL": gmail.address,
                    "GMAIL_USER_UNITS_PER_MINUTE": "0",
                    "GMAIL_PROJECT_UNITS_PER_MINUTE": "0",
                }
            )
            environment |= {"DJANGO_SETTINGS_MODULE": "config.settings", "MAILSYNC_ROLE": "worker"}
            environment["SIMULATOR_PID"] = str(gmail.process.pid)
            migrate(environment)
            yield Stage(gmail, server.process.pid, environment)
        finally:
            stop_all(made.servers)
    finally:
        gmail.stop()


def migrate(environment: dict[str, str]) -> None:
    """Make the tables."""
    command = [sys.executable, "-m", "django", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=environment, timeout=TO_PREPARE, check=True)
