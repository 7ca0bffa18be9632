"""Run the web process of the Procfile, ask it one thing after the other."""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import ceil
from typing import Any

import requests

from config.embedded.ports import LOOPBACK, free_port
from config.supervisor import procfile
from tests.benchmarks.stage import Stage
from tests.flows.product import ROOT, Started

WARM, REPETITIONS = 2, 20
TO_ANSWER = 20.0
Times = list[float]


class Caller:
    """One user's program, which keeps its connection."""

    def __init__(self, address: str, token: str) -> None:
        self.address = address
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Token {token}"

    def get(self, path: str, **parameters: Any) -> dict[str, Any]:
        """The JSON of an answer that must be a 200; `path` may be a whole address."""
        answer = self.session.get(requests.compat.urljoin(self.address, path), params=parameters, timeout=TO_ANSWER)
        if answer.status_code != 200:
            raise SystemExit(f"{answer.url} answers {answer.status_code}: {answer.text[:300]}")
        found: dict[str, Any] = answer.json()
        return found

    def times(self, path: str, **parameters: Any) -> Times:
        """Milliseconds of each call, shortest first."""
        for _ in range(WARM):
            self.get(path, **parameters)
        return sorted(self._time(path, parameters) for _ in range(REPETITIONS))

    def _time(self, path: str, parameters: Mapping[str, Any]) -> float:
        begun = time.perf_counter()
        self.get(path, **parameters)
        return 1000 * (time.perf_counter() - begun)


def percentile(times: Times, share: int) -> float:
    """The time that `share` of a hundred calls keep."""
    return times[ceil(len(times) * share / 100) - 1]


@contextmanager
def web(stage: Stage) -> Iterator[str]:
    """The address of the web process, as it runs when DEBUG is off."""
    environment = stage.environment | {
        "DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings",
        "MAILSYNC_ROLE": "web",
        "DEBUG": "false",
        "HOST": LOOPBACK,
        "PORT": str(free_port()),
    }
    text = (ROOT / "Procfile").read_text()
    (command,) = (entry.command for entry in procfile.parse(text, environment) if entry.name == "web")
    server = Started(in_python(command), environment, r"running on (http://\S+)")
    try:
        yield server.address
    finally:
        server.stop()


def in_python(command: Sequence[str]) -> list[str]:
    """A command of the Procfile, run by this Python whether it names a program of its packages or a module."""
    return [sys.executable, *command[1:]] if command[0] == "python" else [sys.executable, "-m", *command]
