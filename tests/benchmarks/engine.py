"""What a full pass, a quiet and a busy incremental one, a reconcile cost, beside a bare loop over the same mailbox."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.benchmarks import first_mail, large
from tests.benchmarks.passes import Bench, Cost, prepared
from tests.benchmarks.stage import EMAIL, Stage
from tests.benchmarks.table import aligned
from tests.benchmarks.targets import Row, figure, judged

NEW, CHANGED, LOST = 20, 80, 50  # messages
MOST_BARE = 10_000  # messages that the bare loop is given: at ten times as many it takes an hour
TO_BARE = 900.0

FULL = (
    "full pass",
    "messages",
    "per second",
    "worker",
    "Postgres",
    "simulator",
    "peak MB",
    "units",
    "requests",
    "differ",
)
OTHER = ("pass", "mailbox", "seconds", "worker s", "Postgres s", "peak MB", "units", "requests", "differ")


@dataclass
class Findings:
    """The lines of all tables so far."""

    full: list[list[str]] = field(default_factory=list)
    other: list[list[str]] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)


def run(sizes: Sequence[int], policies: Sequence[str]) -> str:
    """Three tables: full passes, the others, the targets. `policies` are compared with `archive`."""
    found = Findings()
    for size in sizes:
        with prepared(size) as bench:
            measure(bench, size, policies, found)
    growth = found.peaks[-1] - found.peaks[0]
    found.rows.append(figure("a worker's peak: the biggest mailbox beside the smallest, MB", growth, 15))
    found.rows += large.rows()
    found.rows += first_mail.rows()
    return "\n\n".join(
        (
            "Full passes of one Celery worker process, no quota, a simulator without latency; CPU in ms a message",
            aligned(FULL, found.full),
            aligned(OTHER, found.other),
            judged(found.rows),
        )
    )


def measure(bench: Bench, size: int, policies: Sequence[str], found: Findings) -> None:
    """Everything about a mailbox of this size."""
    account = bench.connect()
    archive = bench.sync(account)
    found.full.append(per_message("archive", archive, bench.differences(account)))
    found.rows += of_full(size, archive)
    found.peaks.append(archive.peak)
    for name, done in others(bench, account):
        found.other.append(totals(name, size, done, bench.differences(account)))
        found.rows += of_other(name, size, done)
    if size <= MOST_BARE:
        found.full.append(bare(bench.servers, size))
    for policy in policies:
        account = bench.connect(policy=policy)
        cost = bench.sync(account)
        found.full.append(per_message(policy, cost, bench.differences(account)))
        share = 100 * cost.units / cost.messages / (archive.units / archive.messages)
        found.rows.append(figure(f"{policy}, {size:,}: units until all is readable, % of archive's", share, 65))


def others(bench: Bench, account: int) -> Iterator[tuple[str, Cost]]:
    """The passes over a mailbox that is mirrored already."""
    gmail = bench.servers.gmail
    yield "idle incremental", bench.sync(account)
    gmail.control("deliver", email=EMAIL, count=NEW)
    ids = gmail.ids(EMAIL)
    gmail.control("labels", email=EMAIL, ids=ids[NEW : NEW + CHANGED], add=["Label_7"], remove=["UNREAD"])
    yield f"{NEW} new, {CHANGED} changed", bench.sync(account)
    gmail.control("deliver", email=EMAIL, count=NEW)
    gmail.control("labels", email=EMAIL, ids=ids[200 : 200 + CHANGED], add=["STARRED"], remove=["INBOX"])
    gmail.control("delete", email=EMAIL, ids=ids[-LOST:])
    gmail.control("expire-history", email=EMAIL)
    yield "reconcile after a 404", bench.sync(account)


def bare(servers: Stage, size: int) -> list[str]:
    """The same mailbox, less what was done to it meanwhile, by the bare loop."""
    servers.asked()
    read = servers.run("bare_loop", within=TO_BARE)
    asked = servers.asked()
    units, requests = sum(asked["units"].values()), sum(asked["http"].values())
    spent = Cost(
        "bare", read.messages, read.seconds, read.own, read.postgres, read.simulator, read.peak, units, units, requests
    )
    return per_message("bare loop", spent, size - LOST + 2 * NEW - read.messages)


def per_message(name: str, cost: Cost, differ: int) -> list[str]:
    """A line of the first table."""
    spent = (cost.workers, cost.postgres, cost.simulator)
    return [
        name,
        f"{cost.messages:,}",
        f"{cost.messages / cost.seconds:,.0f}",
        *(f"{cost.per_message(seconds):.2f}" for seconds in spent),
        f"{cost.peak:.0f}",
        f"{cost.units:,}",
        f"{cost.requests:,}",
        f"{differ}",
    ]


def totals(name: str, size: int, cost: Cost, differ: int) -> list[str]:
    """A line of the second."""
    spent = (cost.seconds, cost.workers, cost.postgres)
    return [
        name,
        f"{size:,}",
        *(f"{seconds:.2f}" for seconds in spent),
        f"{cost.peak:.0f}",
        f"{cost.units:,}",
        f"{cost.requests:,}",
        f"{differ}",
    ]


def of_full(size: int, cost: Cost) -> Iterator[Row]:
    """What a full pass must keep."""
    yield figure(f"full pass of {size:,}: worker CPU, ms a message", cost.per_message(cost.workers), 1.5)
    both = cost.per_message(cost.workers + cost.postgres)
    yield figure(f"full pass of {size:,}: worker + Postgres CPU, ms a message", both, 2.5)
    yield figure(f"full pass of {size:,}: a worker's peak, MB", cost.peak, 150)
    yield figure(f"full pass of {size:,}: units", cost.charged, 20.1 * size + 50)


def of_other(name: str, size: int, cost: Cost) -> Iterator[Row]:
    """What the others must keep."""
    most = {"idle incremental": 3, f"{NEW} new, {CHANGED} changed": 410}.get(name, 6_000)
    yield figure(f"{name}, of {size:,}: units", cost.charged, most)
