"""Run Celery's processes for a benchmark, kill them."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from tests.benchmarks.stage import Stage
from tests.flows.product import Started

CELERY = [sys.executable, "-m", "celery", "-A", "config"]
QUIET = ["--without-gossip", "--without-mingle", "--loglevel", "INFO"]


class Workers:
    """Workers of the interactive queue, one process each, beside the control worker with its beat."""

    def __init__(self, servers: Stage, number: int) -> None:
        # Unbuffered: beat's banner, which is waited for, is all that it says for a while.
        said = {"DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings", "PYTHONUNBUFFERED": "1"}
        self.environment = servers.environment | said
        self.control = self._celery("worker", "-Q", "control", "-P", "solo", "-n", "control@bench", *QUIET)
        beat = ["beat", "--pidfile=", "--loglevel", "INFO"]
        self.beat = Started(CELERY + beat, self.environment, r"(celery beat) v")
        self.members = [self._member(place) for place in range(number)]

    def _celery(self, *command: str) -> Started:
        return Started([*CELERY, *command], self.environment, r"(\S+@bench) ready")

    def _member(self, place: int) -> Started:
        return self._celery("worker", "-Q", "interactive", "-c", "1", "-n", f"{place}@bench", *QUIET)

    def kill(self, place: int) -> float:
        """SIGKILL to one worker, whose pool dies with it. Returns the monotonic second."""
        self.members[place].process.kill()
        killed = time.monotonic()
        self.members[place].process.wait(timeout=10)
        return killed

    def replace(self, place: int) -> None:
        """Start a killed one anew."""
        self.members[place] = self._member(place)

    def stop(self) -> None:
        """All of them, whatever state they are in."""
        with ExitStack() as stack:
            for process in (*self.members, self.control, self.beat):
                stack.callback(process.stop)


@contextmanager
def workers(servers: Stage, number: int) -> Iterator[Workers]:
    """They are gone afterwards."""
    running = Workers(servers, number)
    try:
        yield running
    finally:
        running.stop()


def until(true: Callable[[], bool], *, within: float, every: float = 0.02) -> bool:
    """Whether it became true in time."""
    deadline = time.monotonic() + within
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True
