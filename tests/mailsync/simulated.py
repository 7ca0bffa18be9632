"""A Gmail to sync with: the simulator as a process, spoken to over HTTP."""

import json
import re
import subprocess
import sys
import threading
import urllib.request
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STARTED_WITHIN = 30.0
MAILBOXES = 5_000


@dataclass(frozen=True)
class Gmail:
    """A running simulator, and one mailbox of it."""

    url: str
    email: str

    def control(self, command: str, /, **body: Any) -> Any:
        address = f"{self.url}/control/{command}"
        request = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or b"null")

    def ask(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}/control/{path}", timeout=20) as answer:
            return json.loads(answer.read())

    def deliver(self, count: int = 1, **more: Any) -> list[str]:
        found: list[str] = self.control("deliver", email=self.email, count=count, **more)["ids"]
        return found

    def label(self, ids: list[str], *, add: tuple[str, ...] = (), remove: tuple[str, ...] = ()) -> None:
        self.control("labels", email=self.email, ids=ids, add=list(add), remove=list(remove))

    def trash(self, ids: list[str]) -> None:
        self.control("trash", email=self.email, ids=ids)

    def delete(self, ids: list[str]) -> None:
        self.control("delete", email=self.email, ids=ids)

    def expire_history(self) -> None:
        self.control("expire-history", email=self.email)

    def faults(self, *rules: dict[str, Any]) -> None:
        self.control("faults", rules=list(rules))

    def mailbox(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask(f"mailbox?email={self.email}&hashes=1")
        return found

    def ids(self) -> list[str]:
        return [message["id"] for message in self.mailbox()["messages"]]

    def gets(self) -> dict[str, int]:
        """How often each message was asked for."""
        found: dict[str, int] = self.ask("stats")["gets"].get(self.email, {})
        return found

    def units(self) -> int:
        return int(self.ask("stats")["units"].get(self.email, 0))


@dataclass(frozen=True)
class Simulator:
    """A running simulator: each test has a mailbox of its own, the same every time, whatever other tests ran before it."""

    url: str
    name: str
    taken: set[int] = field(default_factory=set)

    def mailbox(self, test: str) -> Gmail:
        """One that nobody has used yet, for the test with this id."""
        number = zlib.crc32(test.encode()) % MAILBOXES
        while number in self.taken:
            number = (number + 1) % MAILBOXES
        self.taken.add(number)
        return Gmail(self.url, f"{self.name}{number}@example.com")


@contextmanager
def serving(directory: Path, name: str, messages: int, *options: str) -> Iterator[Simulator]:
    """A simulator whose mailboxes are called after `name`, as long as the block lasts."""
    addresses = [f"{name}{number}@example.com" for number in range(MAILBOXES)]
    with (directory / "log").open("wb") as log:
        process, url = start(addresses, messages, log, *options)
        try:
            yield Simulator(url, name)
        finally:
            process.terminate()
            process.wait(10)
            if process.stdout:
                process.stdout.close()


def start(addresses: list[str], messages: int, log: Any, *options: str) -> tuple[subprocess.Popen[str], str]:
    """A simulator with these mailboxes; its process and its address."""
    command = [
        sys.executable,
        "-m",
        "gmail.simulator",
        "--port",
        "0",
        "--seed",
        "5",
        "--latency",
        "none",
        "--quota",
        "0",
    ]
    command += ["--messages", str(messages), "--accounts", ",".join(addresses), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    watchdog = threading.Timer(STARTED_WITHIN, process.kill)
    watchdog.start()
    assert process.stdout is not None
    ready = re.search(r"ready on (http://\S+)", process.stdout.readline())
    watchdog.cancel()
    assert ready, "the simulator did not start"
    return process, ready[1]
