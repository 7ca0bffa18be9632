"""A Gmail to sync with: the simulator as a process, spoken to over HTTP."""

import json
import re
import subprocess
import sys
import threading
import urllib.request
from dataclasses import dataclass
from typing import Any

STARTED_WITHIN = 30.0


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
