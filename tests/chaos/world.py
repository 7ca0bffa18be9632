"""The whole product with two of everybody, each of its connections through a proxy, in one test process."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import psutil
import psycopg
import requests

from config.embedded import postgres
from config.embedded.home import Home, prepare
from config.embedded.servers import plan
from config.supervisor import procfile
from config.supervisor.process import Process
from config.supervisor.procfile import Entry
from config.supervisor.supervise import Supervisor
from config.supervisor.terminal import Terminal
from tests.chaos.proxy import Network
from tests.flows.conftest import free_port
from tests.flows.product import HELD, ROOT, Gmail

TWICE = ("worker", "control", "beat")
LEASE = 4  # seconds
SHORT = {"SYNC_LEASE": f"{LEASE}s", "SYNC_SLICE": "4s", "SYNC_STALE_AFTER": "30s"}
READY_WITHIN = 120.0

BEGIN = """
import json
from datetime import timedelta
from django.contrib.auth.models import User
from mailsync import tokens
from mailsync.connect import connect
from mailsync.credentials import user_grant
from mailsync.models import Account
from syncjobs.clock import in_
people = []
for email in {emails!r}:
    user = User.objects.create_user("of-" + email)
    account = connect(user, email, user_grant("sim-refresh-" + email))
    often = timedelta(seconds={often})
    Account.objects.filter(pk=account.pk).update(interval=often, next_sync_at=in_(often))
    people.append([email, account.pk, tokens.issue(user, "chaos")[1]])
print(json.dumps(people))
"""
QUIET = "UPDATE mailsync_account SET interval = '1 day', next_sync_at = now() + interval '1 day'"


class World:
    """Two interactive workers, one for the clock, two control workers, two beats, a web process, Postgres, Redis, Gmail.

    Everything is started, and started anew, by the product's own supervisor, which runs while somebody calls `live`.
    """

    def __init__(self, messages: int, accounts: int, latency: float, *gmail_options: str) -> None:
        self.home = Home(Path(tempfile.mkdtemp(prefix="mailsync-chaos-")))
        self.home.path.chmod(0o711)
        self.said = (self.home.path / "said").open("w+b")
        self.gmail = Gmail(
            *("--messages", str(messages), "--accounts", str(accounts), "--latency", str(latency)), *gmail_options
        )
        self.network = Network()
        made = plan(prepare(self.home), {}, simulator=False)
        self.database_url, self.redis_url = made.environment["DATABASE_URL"], made.environment["REDIS_URL"]
        self.proxies = {
            "postgres": self.network.proxy(port_of(self.database_url)),
            "redis": self.network.proxy(port_of(self.redis_url)),
            "gmail": self.network.proxy(port_of(self.gmail.address)),
        }
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        port = str(free_port())
        self.address = f"http://127.0.0.1:{port}"
        given = {"PATH": path, "HOST": "127.0.0.1", "PORT": port, "PYTHONUNBUFFERED": "1", "CELERY_QUIET": "true"}
        gmail = {"GOOGLE_BASE_URL": self.gmail.address, "API_THROTTLES": "0"}
        gmail |= {"GMAIL_USER_UNITS_PER_MINUTE": "0", "GMAIL_PROJECT_UNITS_PER_MINUTE": "0"}
        kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
        self.environment = kept | made.environment | given | gmail | SHORT
        self.supervisor = Supervisor(Terminal(self.home, self.said.fileno(), {}))
        self.servers = {server.name: server for server in made.servers}
        self.working = [Process(entry, self.through_proxies(), ROOT) for entry in entries(self.environment)]

    @classmethod
    @contextmanager
    def running(cls, messages: int, accounts: int, latency: float) -> Iterator[Self]:
        """One that works, until the block ends; then nothing of it is left."""
        made = cls(messages, accounts, latency)
        try:
            made.start()
            yield made
        finally:
            left = made.stop()
        assert left == []

    def start(self) -> None:
        """Start everybody; returns when all of them work."""
        for server in self.servers.values():
            self.supervisor.start(server)
        self.manage("migrate", "--no-input", "--verbosity", "0")
        for process in self.working:
            self.supervisor.start(process)
        assert self.supervisor.run(self.is_ready, timeout=READY_WITHIN), self.last_lines()

    def through_proxies(self) -> dict[str, str]:
        """The environment of the processes: every server is reached through its proxy."""
        proxied = {
            name: moved(self.environment[name], self.proxies[proxy].port)
            for name, proxy in (("DATABASE_URL", "postgres"), ("REDIS_URL", "redis"), ("GOOGLE_BASE_URL", "gmail"))
        }
        return self.environment | proxied

    def live(self, seconds: float) -> None:
        """Let so much time pass: whoever dies meanwhile is started anew."""
        self.supervisor.run(lambda: False, timeout=seconds)

    def is_ready(self) -> bool:
        """Whether everybody works, as the product itself says."""
        with suppress(requests.RequestException):
            return requests.get(self.address + "/readyz", timeout=5).ok
        return False

    def manage(self, *command: str) -> str:
        """Run manage.py beside the proxies."""
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=180,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def shell(self, code: str) -> Any:
        """Run Python within Django; what it prints as its last line, read as JSON."""
        return json.loads(self.manage("shell", "-v", "0", "-c", code).splitlines()[-1])

    def people(self, emails: list[str], often: int) -> list[tuple[str, int, str]]:
        """An owner for each mailbox: address, account, token."""
        return [
            (email, account, token) for email, account, token in self.shell(BEGIN.format(emails=emails, often=often))
        ]

    def held(self, accounts: list[int]) -> list[dict[str, Any]]:
        """The mirrors, in the form of `Gmail.truth`."""
        found: list[dict[str, Any]] = self.shell(HELD.format(tuple(accounts)))
        return found

    def database(self) -> psycopg.Connection[Any]:
        """A connection of ours, beside the proxy."""
        return psycopg.connect(self.database_url, autocommit=True, connect_timeout=10, application_name="chaos")

    def silence_the_clock(self) -> None:
        """No account becomes due any more."""
        with self.database() as database:
            database.execute(QUIET)

    def mains(self) -> list[psutil.Process]:
        """What the supervisor started, as far as it is there."""
        found = []
        for one in (*self.servers.values(), *self.working):
            with suppress(psutil.NoSuchProcess):
                if one.process is not None:
                    found.append(psutil.Process(one.process.pid))
        return found

    def processes(self, *words: str) -> list[psutil.Process]:
        """Those of them whose command lines hold all the words."""
        found = []
        for main in self.mains():
            with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                if all(word in " ".join(main.cmdline()) for word in words):
                    found.append(main)
        return found

    def family(self) -> list[psutil.Process]:
        """They with all their children."""
        found = []
        for main in self.mains():
            with suppress(psutil.NoSuchProcess):
                found += [main, *main.children(recursive=True)]
        return found

    def zombies(self) -> list[str]:
        """Processes that ended and that nobody has collected."""
        found = []
        for process in self.family():
            with suppress(psutil.NoSuchProcess):
                if process.status() == psutil.STATUS_ZOMBIE:
                    found.append(f"{process.pid} {process.name()}")
        return found

    def last_lines(self, count: int = 150) -> str:
        """What the processes said last."""
        return b"\n".join(Path(self.said.name).read_bytes().splitlines()[-count:]).decode(errors="replace")

    def count(self, words: str) -> int:
        """How often the processes said so."""
        return Path(self.said.name).read_text(errors="replace").count(words)

    def complaints(self) -> list[str]:
        """Every line that names an exception, with how often it came."""
        lines = Path(self.said.name).read_text(errors="replace").splitlines()
        named = [line.split("| ", 1)[-1][:160] for line in lines if "Error: " in line or "CRITICAL" in line]
        return sorted({f"{named.count(line)} x {line}" for line in named})

    def stop(self) -> list[str]:
        """Stop everything; who outlived it (and is killed now)."""
        family = self.family()
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)
        self.supervisor.stop((({process.name for process in self.working}, 6.0), (None, 3.0)))
        self.network.stop()
        self.gmail.stop()
        _, left = psutil.wait_procs(family, timeout=5)
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.said.close()
        postgres.remove(self.home)
        shutil.rmtree(self.home.path, ignore_errors=True)
        return [str(process) for process in left]


def entries(environment: dict[str, str]) -> list[Entry]:
    """The Procfile's processes, some of them twice under another name."""
    found = procfile.parse((ROOT / "Procfile").read_text(), environment)
    second = [
        Entry(f"{each.name}-2", tuple(word.replace("@%h", "-2@%h") for word in each.command))
        for each in found
        if each.name in TWICE
    ]
    return found + second


def port_of(url: str) -> int:
    """The port of an address."""
    return urlsplit(url).port or 0


def moved(url: str, port: int) -> str:
    """The same address at another port."""
    return url.replace(f":{port_of(url)}", f":{port}")
