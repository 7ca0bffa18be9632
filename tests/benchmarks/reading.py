"""Measure what a stretch of work costs this process and Postgres."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Reading:
    """Seconds by the clock, seconds of CPU here, seconds of CPU in all processes of Postgres."""

    messages: int
    seconds: float
    own: float
    postgres: float

    def dumps(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def loads(cls, line: str) -> "Reading":
        """What `dumps` wrote."""
        return cls(**json.loads(line))


def measured(work: Callable[[], int], postmaster: int) -> Reading:
    """Do the work, which returns how many messages it brought."""
    begun, own, postgres = time.perf_counter(), time.process_time(), cpu_of(postmaster)
    messages = work()
    return Reading(messages, time.perf_counter() - begun, time.process_time() - own, cpu_of(postmaster) - postgres)


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
