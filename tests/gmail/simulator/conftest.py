"""A simulator of its own process, and one inside the test."""

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from gmail.simulator.service import Service
from gmail.simulator.settings import Settings
from tests.gmail.simulator.visitor import NOW, Visitor

Start = Callable[..., Visitor]


@pytest.fixture(scope="session")
def start() -> Iterator[Start]:
    """Starts simulators with command line options; they end with the session."""
    running: list[subprocess.Popen[str]] = []

    def run(*options: str) -> Visitor:
        command = [sys.executable, "-m", "gmail.simulator", "--port", "0", "--now", str(NOW), *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": "."})
        running.append(process)
        assert process.stdout is not None
        return Visitor(process.stdout.readline().split()[-1], process)

    yield run
    for process in running:
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture(scope="session")
def shared(start: Start) -> Visitor:
    """A simulator that tests only read."""
    return start("--messages", "300", "--accounts", "a@example.com,b@example.com")


@pytest.fixture(scope="session")
def _lively(start: Start) -> Iterator[tuple[Visitor, Iterator[int]]]:
    """A simulator with many mailboxes, and the numbers of those that nobody has touched."""
    yield start("--messages", "60", "--accounts", "200"), itertools.count(1, 2)


@pytest.fixture
def own(_lively: tuple[Visitor, Iterator[int]]) -> Iterator[Visitor]:
    """Two mailboxes that a test may change, on a server whose manners it may change."""
    server, fresh = _lively
    number = next(fresh)
    server.control("reset-stats")
    yield Visitor(server.base, server.process, f"user{number}@example.com", f"user{number + 1}@example.com")
    server.control("faults", rules=[])
    server.control("script", cues=[])
    server.control("latency", latency="none")
    server.control("quota", user=0, project=0, style="403", concurrency=50)
    server.control("push", endpoint="", audience="", duplicates=0, reordered=0, numbers=False, backoff=1)


@pytest.fixture
def settings() -> Settings:
    """A small world."""
    return Settings(accounts=("a@example.com", "b@example.com"), messages=60, seed=1, now=NOW)


@pytest.fixture
def service(settings: Settings) -> Service:
    """A service whose clock stands still."""
    return Service(settings, clock=lambda: NOW)
