"""Have the workers do one pass over a mailbox, measure all that it takes."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.benchmarks import ledger
from tests.benchmarks.console import Console, console
from tests.benchmarks.crew import Crew, crew
from tests.benchmarks.reading import cpu_of
from tests.benchmarks.stage import EMAIL, Stage, stage
from tests.benchmarks.workers import until

CONNECT = """
from django.contrib.auth.models import User
from mailsync.connect import connect
from mailsync.credentials import user_grant
owner = User.objects.get_or_create(username={policy!r})[0]
answer = connect(owner, {email!r}, user_grant("sim-refresh-" + {email!r}), {policy!r}).pk
"""
START = """
from mailsync import schedule
from mailsync.models import Account
from syncjobs.admission import Scope
from syncjobs.states import Trigger
scope = {scope!r}
asked = schedule.request_scope(
    Account.objects.get(pk={account}), Scope(*scope) if scope else None, trigger=Trigger.BUTTON)
answer = asked.job.pk
"""
JOB = (
    "SELECT state, stats, mode, extract(epoch FROM finished_at - started_at)::float FROM syncjobs_syncjob WHERE id = %s"
)
HELD = "SELECT gmail_id, labels FROM mailsync_message WHERE account_id = %s AND deleted_at IS NULL"
TO_PASS = 1800.0
TOMORROW = 86_400


@dataclass(frozen=True, slots=True)
class Cost:
    """What a pass took: seconds by the clock, seconds of CPU of each side, MB, what the simulator counted."""

    mode: str
    messages: int
    seconds: float
    workers: float
    postgres: float
    simulator: float
    peak: float
    units: int  # until the job had succeeded, by its own count
    charged: int  # by the simulator, which counts on
    requests: int

    def per_message(self, seconds: float) -> float:
        """Milliseconds."""
        return 1000 * seconds / max(self.messages, 1)


@dataclass(frozen=True)
class Bench:
    """The servers with everybody who works on them."""

    servers: Stage
    database: psycopg.Connection
    console: Console
    crew: Crew

    def connect(self, email: str = EMAIL, policy: str = "archive") -> int:
        """An account of that mailbox, one for each policy. The worker knows it already: it has looked for mail of tomorrow."""
        self.servers.truth(email)  # made when first asked for, which is not what we measure
        account: int = self.console.tell(CONNECT.format(email=email, policy=policy))
        self.sync(account, ("window", {"after": int(time.time()) + TOMORROW}))
        return account

    def sync(self, account: int, scope: tuple[str, Mapping[str, Any]] | tuple[str] | None = None) -> Cost:
        """One job to its end; None is what a click asks for."""
        self.servers.asked()
        self.crew.forget_peak()
        begun = time.perf_counter()
        before = self._spent()
        job = self.console.tell(START.format(account=account, scope=scope))
        state, stats, mode, _ = self._finished(job)
        spent = [after - earlier for after, earlier in zip(self._spent(), before, strict=True)]
        seconds = time.perf_counter() - begun
        if state != "SUCCEEDED":
            raise SystemExit(f"the {mode} pass is {state}: {stats}")
        asked = self.servers.asked()
        charged, requests = sum(asked["units"].values()), sum(asked["http"].values())
        added, units = (stats.get(name, 0) for name in ("added", "units"))
        return Cost(mode, added, seconds, *spent, self.crew.peak(), units, charged, requests)

    def differences(self, account: int, email: str = EMAIL) -> int:
        """How many messages Gmail and the mirror do not have alike, by ids and labels."""
        truth = self.servers.truth(email)
        held = {id_: set(labels) for id_, labels in self.database.execute(HELD, [account])}
        return sum(truth.get(id_) != held.get(id_) for id_ in truth.keys() | held.keys())

    def _finished(self, job: int) -> tuple[str, dict[str, int], str, float]:
        row: Any = None

        def is_final() -> bool:
            nonlocal row
            row = self.database.execute(JOB, [job]).fetchone()
            return row is not None and row[0] not in ("CREATED", "RUNNING")

        if not until(is_final, within=TO_PASS, every=0.05):
            raise SystemExit(f"a pass was not done within {TO_PASS:.0f} s: {row}")
        return row  # type: ignore[no-any-return]

    def _spent(self) -> tuple[float, float, float]:
        gmail = self.servers.gmail.process.pid
        return self.crew.cpu(), cpu_of(self.servers.postmaster), cpu_of(gmail)


@contextmanager
def prepared(size: int, *emails: str) -> Iterator[Bench]:
    """Everybody is there and waits."""
    with (
        stage(size, *emails) as servers,
        ledger.database(servers) as database,
        console(servers) as told,
        crew(servers) as workers,
    ):
        yield Bench(servers, database, told, workers)
