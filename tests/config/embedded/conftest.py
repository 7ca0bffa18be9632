"""Homes that leave nothing behind."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from config.embedded import postgres
from config.embedded.home import CHECKOUT, Home, prepare


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = prepare(Home(tmp_path / "home"))
    yield made
    postgres.remove(made)


@pytest.fixture
def run_python() -> Iterator[Callable[[str, Mapping[str, str]], subprocess.Popen[str]]]:
    """Run a snippet in a Python of its own, as another process of the product would."""
    started: list[subprocess.Popen[str]] = []

    def run(code: str, environ: Mapping[str, str]) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=CHECKOUT,
            env=dict(environ),
            stdout=subprocess.PIPE,
            stdin=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate(timeout=60)
