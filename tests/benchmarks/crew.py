"""Run one Celery worker with the clock beside it, watch what they cost."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.benchmarks.reading import cpu_of
from tests.benchmarks.stage import Stage
from tests.benchmarks.workers import CELERY, QUIET
from tests.flows.product import Started

MB = 1_000_000


class Crew:
    """A worker of one process for both queues of jobs, the control worker, beat: as the Procfile has them."""

    def __init__(self, servers: Stage) -> None:
        environment = servers.environment | {"DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings"}
        worker = [*CELERY, "worker", *QUIET, "-n"]
        self.worker = Started(
            [*worker, "worker@bench", "-Q", "interactive,scheduled", "-c", "1"], environment, r"(\S+@bench) ready"
        )
        self.control = Started(
            [*worker, "control@bench", "-Q", "control", "-P", "solo"], environment, r"(\S+@bench) ready"
        )
        self.beat = Started([*CELERY, "beat", "--pidfile=", "--loglevel", "INFO"], environment, r"(celery beat) v")

    @property
    def members(self) -> tuple[Started, ...]:
        return (self.worker, self.control, self.beat)

    def cpu(self) -> float:
        """Seconds of CPU of all of them so far."""
        return sum(cpu_of(member.process.pid) for member in self.members)

    def peak(self) -> float:
        """The most MB that the process which does the work has had in memory."""
        return max(high_water(process) for process in self._hands()) / MB

    def forget_peak(self) -> float:
        """Measure the peak anew from now on. MB in memory now."""
        for process in self._hands():
            Path(f"/proc/{process.pid}/clear_refs").write_text("5")
        return max(process.memory_info().rss for process in self._hands()) / MB

    def _hands(self) -> list[psutil.Process]:
        return psutil.Process(self.worker.process.pid).children() or [psutil.Process(self.worker.process.pid)]

    def stop(self) -> None:
        """All of them."""
        for member in self.members:
            member.stop()


def high_water(process: psutil.Process) -> int:
    """Bytes: the kernel's own high-water mark of resident memory."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


@contextmanager
def crew(servers: Stage) -> Iterator[Crew]:
    """They are gone afterwards."""
    running = Crew(servers)
    try:
        yield running
    finally:
        running.stop()
