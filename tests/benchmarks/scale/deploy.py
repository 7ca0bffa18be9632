"""A deploy at noon: twenty syncs run, everybody is told to end, a new version starts; what it costs the syncs."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import psycopg

from tests.benchmarks import ledger
from tests.benchmarks.console import Console, console
from tests.benchmarks.passes import CONNECT, HELD, START
from tests.benchmarks.scale.measured import Measured
from tests.benchmarks.scale.version import Replaced, Version
from tests.benchmarks.stage import Stage, stage
from tests.benchmarks.targets import figure
from tests.benchmarks.workers import until
from tests.chaos import ledger as proof
from tests.chaos.checker import written_by_holders

SYNCS, MESSAGES = 20, 1_000
PAGE = 100  # messages at most
TO_BEGIN, TO_END = 120.0, 600.0
GAP = 10.0  # seconds
MIRROR = "mailsync_message"

BEGUN = "SELECT count(DISTINCT account_id) FROM mailsync_message"
ENDED = "SELECT count(*) FROM syncjobs_syncjob WHERE finished_at IS NOT NULL"
FAILED = "SELECT count(*) FROM syncjobs_syncjob WHERE state <> 'SUCCEEDED'"


@dataclass(frozen=True, slots=True)
class Deploy:
    """What became of the syncs: jobs that did not succeed, messages that a mailbox's mirror has otherwise than Gmail, messages
    fetched once more of a mailbox at most; seconds without a page of anybody, and of one mailbox at most."""

    failed: int
    differ: int
    again: int
    gap: float
    longest: float
    replaced: Replaced


def rows() -> Measured:
    """What it must keep."""
    done = measured(SYNCS, MESSAGES)
    when = (
        f"the old one ended after {done.replaced.ended:.1f} s, the new one was there after {done.replaced.ready:.1f} s"
    )
    return Measured(
        [
            figure(
                f"deploy with {SYNCS} syncs running: syncs that failed, messages that differ",
                done.failed + done.differ,
                0,
            ),
            figure("  messages fetched twice of a mailbox, at most", done.again, PAGE),
            figure("  s between the last page of the old version and the first of the new one", done.gap, GAP),
            figure(f"  the same for the mailbox that waits longest ({when})", done.longest, GAP),
        ]
    )


def measured(syncs: int, messages: int) -> Deploy:
    """One deploy, at a realistic latency of Gmail; every write is looked at: it was made under the lease."""
    emails = [f"user{number}@example.com" for number in range(syncs)]
    with (
        stage(messages, *emails, latency="realistic") as servers,
        ledger.database(servers) as database,
        console(servers) as told,
    ):
        accounts = [told.tell(CONNECT.format(email=email, policy="archive")) for email in emails]
        for email in emails:
            servers.truth(email)  # made when first asked for
        servers.asked()
        proof.install(database)
        moment, replaced = _deployed(servers, told, database, accounts, syncs)
        entries = proof.read(database)
        written_by_holders(entries)
        differ = sum(_differences(servers, database, *each) for each in zip(accounts, emails, strict=True))
        again = max(sum(count - 1 for count in servers.gmail.stats()["gets"][email].values()) for email in emails)
        (failed,) = database.execute(FAILED).fetchone() or (syncs,)
        pages = [(page.resource, page.at) for page in entries if page.what == "write" and page.tablename == MIRROR]
        mine = [[at for resource, at in pages if resource == f"mailbox:{account}"] for account in accounts]
        longest = max(gap(times, moment) for times in mine)
        return Deploy(failed, differ, again, gap([at for _, at in pages], moment), longest, replaced)


def _deployed(
    servers: Stage, told: Console, database: psycopg.Connection[Any], accounts: Sequence[int], syncs: int
) -> tuple[float, Replaced]:
    """Start the syncs, replace everybody amid them, wait for their end; when (unix seconds) everybody was told to end."""
    version = Version(servers, syncs)
    try:
        for account in accounts:
            told.tell(START.format(account=account, scope=None))
        if not until(lambda: _number(database, BEGUN) == syncs, within=TO_BEGIN):
            raise SystemExit("not every mailbox has had a page")
        moment = time.time()
        replaced = version.replaced()
        if not until(lambda: _number(database, ENDED) >= syncs, within=TO_END, every=0.2):
            raise SystemExit("syncs did not end")
        return moment, replaced
    finally:
        version.stop()


def gap(times: Sequence[float], told: float) -> float:
    """The longest pause (seconds) between two pages that ended after everybody was told to end; 0 where nothing was left to do."""
    return max((after - before for before, after in pairwise(sorted(times)) if after > told), default=0.0)


def _differences(servers: Stage, database: psycopg.Connection[Any], account: int, email: str) -> int:
    truth = servers.truth(email)
    held = {id_: set(labels) for id_, labels in database.execute(HELD, [account])}
    return sum(truth.get(id_) != held.get(id_) for id_ in truth.keys() | held.keys())


def _number(database: psycopg.Connection[Any], query: str) -> int:
    row = database.execute(query).fetchone()
    assert row is not None
    return int(row[0])
