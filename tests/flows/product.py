"""The whole product in processes of its own, as a person would have it."""

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil
import psycopg
import requests

ROOT = Path(__file__).resolve().parents[2]
TO_START = 240.0
TO_ANSWER = 60.0
MISSING_HERE = (
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "TOKEN_ENCRYPTION_KEYS",
    "MAILSYNC_EMBEDDED",
    "MAILSYNC_ROLE",
)

SERVERS = """
import json, os
print(json.dumps({name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "TOKEN_ENCRYPTION_KEYS")}))
"""

CONNECT = """
import json
from django.contrib.auth.models import User
from mailsync.connect import connect
from mailsync.credentials import user_grant
demo = User.objects.get(username="demo")
print(json.dumps([connect(demo, email, user_grant("sim-refresh-" + email), "archive").pk for email in {0!r}]))
"""

HELD = """
import hashlib, json
from mailsync.messages import raw
from mailsync.models import Label, Message

def held(account):
    rows = Message.objects.filter(account=account, deleted_at=None).select_related("raw").iterator(chunk_size=100)
    mail = {{row.gmail_id: [sorted(row.labels), hashlib.sha256(raw(row) or b"").hexdigest()] for row in rows}}
    labels = sorted(Label.objects.filter(account=account).values_list("name", flat=True))
    return {{"labels": labels, "mail": mail}}

print(json.dumps([held(account) for account in {0!r}]))
"""


def eventually(true: Callable[[], Any], *, within: float, every: float = 0.2) -> Any:
    """What `true()` gives as soon as it is true; fails after `within` seconds."""
    deadline = time.monotonic() + within
    while not (found := true()):
        assert time.monotonic() < deadline, f"not within {within} s"
        time.sleep(every)
    return found


class Started:
    """A process whose output is read until a line says that it is ready."""

    def __init__(self, command: list[str], environment: dict[str, str], ready: str) -> None:
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.output: list[str] = []
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.address = self._wait(re.compile(ready))

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output.append(line)
            self._lines.put(line)

    def _wait(self, ready: re.Pattern[str]) -> str:
        deadline = time.monotonic() + TO_START
        while time.monotonic() < deadline and (self.process.poll() is None or not self._lines.empty()):
            try:
                if found := ready.search(self._lines.get(timeout=0.2)):
                    return found[1]
            except queue.Empty:
                continue
        raise AssertionError("".join(self.output[-40:]) or "it said nothing")

    def stop(self) -> None:
        """SIGTERM, then whatever is needed."""
        self.process.terminate()
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(timeout=60)
        assert self.process.stdout is not None
        self.process.stdout.close()


class Gmail(Started):
    """The imitation of Gmail, in a process of its own."""

    def __init__(self, *options: str) -> None:
        command = [sys.executable, "-m", "gmail.simulator", "--port", "0", *options]
        super().__init__(command, dict(os.environ), r"ready on (\S+)")

    def control(self, name: str, /, **body: Any) -> dict[str, Any]:
        """POST /control/`name`."""
        answer = requests.post(f"{self.address}/control/{name}", json=body, timeout=TO_ANSWER)
        assert answer.ok, answer.text
        return answer.json()

    def ids(self, email: str) -> list[str]:
        """The ids of a mailbox."""
        options = {"email": email, "hashes": "0"}
        box = requests.get(f"{self.address}/control/mailbox", params=options, timeout=TO_ANSWER).json()
        return [message["id"] for message in box["messages"]]

    def truth(self, email: str) -> dict[str, Any]:
        """The labels of a mailbox by name, its mail by id: labels and the hash of the bytes."""
        options = {"email": email, "hashes": "1"}
        box = requests.get(f"{self.address}/control/mailbox", params=options, timeout=TO_START).json()
        mail = {each["id"]: [each["labelIds"], each["sha256"]] for each in box["messages"]}
        return {"labels": sorted(each["name"] for each in box["labels"]), "mail": mail}

    def spends(self) -> list[tuple[float, str, int]]:
        """(second, mailbox, units) of the last ten minutes."""
        found = requests.get(f"{self.address}/control/spends", timeout=TO_ANSWER).json()["spends"]
        return [(at, email, units) for at, email, units in found]

    def stats(self) -> dict[str, Any]:
        """What was asked of it."""
        return requests.get(f"{self.address}/control/stats", timeout=TO_ANSWER).json()


class Product(Started):
    """script/server without its installation: all processes of the Procfile, under the supervisor."""

    def __init__(self, home: Path, port: int, **environment: str) -> None:
        kept = {name: value for name, value in os.environ.items() if name not in MISSING_HERE}
        self.environment = (
            kept
            | {"MAILSYNC_HOME": str(home), "PORT": str(port), "DJANGO_SETTINGS_MODULE": "config.settings"}
            | environment
        )
        super().__init__([sys.executable, "-m", "config.supervisor"], self.environment, r"is ready on (\S+)")
        self.token = self.manage("create_api_token", "demo").splitlines()[-1]

    def manage(self, *command: str, ok: bool = True) -> str:
        """Run manage.py as an operator would."""
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert (done.returncode == 0) is ok, done.stdout + done.stderr
        return done.stdout

    def shell(self, code: str) -> Any:
        """Run Python within Django; what it prints as its last line, read as JSON."""
        return json.loads((self.manage("shell", "-v", "0", "-c", code).splitlines() or ["null"])[-1])

    @cached_property
    def servers(self) -> dict[str, str]:
        """The addresses of the servers that it runs, with the keys."""
        found: dict[str, str] = self.shell(SERVERS)
        return found

    def database(self) -> psycopg.Connection[Any]:
        """A connection to its database; each statement commits by itself."""
        return psycopg.connect(self.servers["DATABASE_URL"], autocommit=True, connect_timeout=int(TO_ANSWER))

    def held(self, *accounts: int) -> list[dict[str, Any]]:
        """The mirror of each account, in the form of `Gmail.truth`."""
        found: list[dict[str, Any]] = self.shell(HELD.format(accounts))
        return found

    def call(self, method: str, path: str, *, token: str | None = None, **options: Any) -> requests.Response:
        """Call the API with a token; without one, as the demo user."""
        headers = {"Authorization": f"Token {token or self.token}"}
        return requests.request(method, self.address + path, headers=headers, timeout=35, **options)

    def connect(self, email: str, policy: str = "archive") -> int:
        """Connect a mailbox of the demo user; the account's id."""
        grant = ("--refresh-token", f"sim-refresh-{email}", "--policy", policy)
        said = self.manage("connect_account", "--owner", "demo", "--email", email, *grant)
        found = re.search(r"account (\d+)", said)
        assert found, said
        return int(found[1])

    def connect_all(self, emails: list[str]) -> list[int]:
        """Connect many mailboxes of the demo user; the accounts' ids."""
        found: list[int] = self.shell(CONNECT.format(emails))
        return found

    def start(self, account: int, **parameters: Any) -> requests.Response:
        """Press Sync."""
        return self.call("POST", "/api/sync/smart", params={"account": account, **parameters})

    def job(self, task_id: str) -> dict[str, Any]:
        """The job as it is now."""
        return self.call("GET", f"/api/jobs/{task_id}/").json()

    def finished(self, task_id: str, *, within: float = 60) -> dict[str, Any]:
        """The job once it is final."""
        return eventually(lambda: job if (job := self.job(task_id))["finished_at"] else None, within=within)

    def done(self, task_id: str, at_least: int) -> dict[str, Any]:
        """The job once so many messages are there."""
        return eventually(
            lambda: job if (job := self.job(task_id))["stats"]["done"] >= at_least else None, within=60, every=0.05
        )

    def processes(self, *words: str) -> list[psutil.Process]:
        """The running processes of this product whose command lines hold all the words, children of a pool included."""
        found = []
        for process in psutil.Process(self.process.pid).children(recursive=True):
            try:
                line = " ".join(process.cmdline())
            except psutil.NoSuchProcess:
                continue
            if all(word in line for word in words):
                found.append(process)
        return found

    def workers(self) -> list[psutil.Process]:
        """Every process of every Celery worker."""
        return self.processes("celery", " worker ")

    def signal(self, processes: list[psutil.Process], number: signal.Signals) -> None:
        """Send a signal to each that is still there."""
        for process in processes:
            try:
                process.send_signal(number)
            except psutil.NoSuchProcess:
                pass
