"""Run a version of the product as the Procfile has it, replace it by the next one."""

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from config.embedded.ports import LOOPBACK, free_port
from config.supervisor import procfile
from tests.benchmarks.stage import Stage
from tests.benchmarks.web import in_python
from tests.flows.product import ROOT, Started

READY = {"web": r"running on (http://\S+)", "beat": r"(celery beat) v"}
WORKER_READY = r"(\S+@\S+) ready"
TO_END = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Replaced:
    """Seconds after SIGTERM at which the last of the old version had ended, and the last of the new one was ready."""

    ended: float
    ready: float


class Version:
    """All processes of the Procfile, the worker of clicks with as many hands as syncs are to run at once."""

    def __init__(self, servers: Stage, hands: int) -> None:
        self.environment = servers.environment | {"HOST": LOOPBACK, "PORT": str(free_port())}
        text = (ROOT / "Procfile").read_text().replace("-Q interactive -c 2", f"-Q interactive -c {hands}")
        self.commands = {entry.name: entry.command for entry in procfile.parse(text, self.environment)}
        with ThreadPoolExecutor(len(self.commands)) as pool:
            started = pool.map(self._start, self.commands)
            self.members: dict[str, Started] = dict(zip(self.commands, started, strict=True))

    def _start(self, name: str) -> Started:
        role = "web" if name == "web" else "worker"
        return Started(
            in_python(self.commands[name]), self.environment | {"MAILSYNC_ROLE": role}, READY.get(name, WORKER_READY)
        )

    def replaced(self) -> "Replaced":
        """SIGTERM to everybody at once; each is started anew, at the same address, as soon as it has ended."""
        told = time.monotonic()
        for member in self.members.values():
            member.process.terminate()
        with ThreadPoolExecutor(len(self.members)) as pool:
            ends = list(pool.map(self._anew, self.members))
        return Replaced(max(ends) - told, time.monotonic() - told)

    def _anew(self, name: str) -> float:
        """The monotonic moment at which the old one had ended."""
        old = self.members[name]
        try:
            old.process.wait(TO_END)
        except subprocess.TimeoutExpired:
            raise SystemExit(f"{name} does not end within {TO_END:.0f} s") from None
        ended = time.monotonic()
        old.stop()
        self.members[name] = self._start(name)
        return ended

    def stop(self) -> None:
        """All of them, whatever state they are in."""
        for member in self.members.values():
            member.stop()
