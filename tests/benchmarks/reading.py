"""Measure what a stretch of work costs this process and Postgres."""

import json
import resource
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Reading:
    """Seconds by the clock, seconds of CPU here, in all processes of Postgres, in the simulator; MB at the most."""

    messages: int
    seconds: float
    own: float
    postgres: float
    simulator: float = 0.0
    peak: float = 0.0

    def dumps(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def loads(cls, line: str) -> "Reading":
        """What `dumps` wrote."""
        return cls(**json.loads(line))


def measured(work: Callable[[], int], postmaster: int, simulator: int | None = None) -> Reading:
    """Do the work, which returns how many messages it brought."""
    others = [pid for pid in (postmaster, simulator) if pid is not None]
    begun, own, before = time.perf_counter(), time.process_time(), [cpu_of(pid) for pid in others]
    messages = work()
    seconds, spent = time.perf_counter() - begun, time.process_time() - own
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    return Reading(messages, seconds, spent, *_since(before, others), peak=peak)


def _since(before: list[float], pids: list[int]) -> list[float]:
    return [cpu_of(pid) - earlier for pid, earlier in zip(pids, before, strict=True)]


def cpu_of(pid: int) -> float:
    """CPU seconds of a process, of its children, of those that have ended: the kernel bequeaths them to the parent."""
    parent = psutil.Process(pid)
    times = parent.cpu_times()
    spent = times.user + times.system + times.children_user + times.children_system
    for child in parent.children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        spent += times.user + times.system
    return spent
