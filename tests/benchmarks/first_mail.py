"""How long after the click on Sync of a new mailbox its first mail can be read."""

import time
from collections.abc import Iterator

from tests.benchmarks.table import aligned
from tests.benchmarks.targets import Row, figure
from tests.benchmarks.web import Times, percentile
from tests.benchmarks.whole import Reader, whole
from tests.flows.product import Gmail

CLICKS, MESSAGES = 10, 2_000
WITHIN = 30.0
LATENCIES = {"none": "a Gmail without latency", "realistic": "a Gmail of 0.1 s a call, 0.3 s a batch"}


def run() -> str:
    """A table."""
    lines = [[name, *(f"{percentile(times, share):.2f}" for share in (50, 95, 100))] for name, times in measured()]
    head = f"First mail after a click, {CLICKS} new mailboxes of {MESSAGES:,} one after the other, all processes: seconds\n\n"
    return head + aligned(("first mail", "p50", "p95", "most"), lines)


def rows() -> Iterator[Row]:
    """What it must keep."""
    for name, times in measured():
        yield figure(f"first mail readable after the click, p95 s, {name}", percentile(times, 95), 2)


def measured() -> Iterator[tuple[str, Times]]:
    """Seconds of each click, shortest first."""
    for latency, name in LATENCIES.items():
        emails = [f"user{number}@example.com" for number in range(CLICKS + 1)]
        gmail = Gmail("--accounts", ",".join(emails), "--messages", str(MESSAGES), "--latency", latency)
        try:
            for email in emails:
                gmail.ids(email)  # made when first asked for, which is not what we measure
            with whole(gmail) as product:
                reader, (warm, *accounts) = Reader(product), product.connect_all(emails)
                clicked(reader, warm)
                yield name, sorted(clicked(reader, account) for account in accounts)
        finally:
            gmail.stop()


def clicked(reader: Reader, account: int) -> float:
    """Seconds; the pass is cancelled then, so that the next one finds the workers idle."""
    begun = time.monotonic()
    task = reader.click(account)
    seconds = reader.seconds_until_newest(account, None, begun, WITHIN)
    reader.cancel(task)
    return seconds
