"""How soon a mail can be read that nobody clicked for: from Gmail's notification to the mirror."""

import time
from collections.abc import Iterator

from tests.benchmarks.table import aligned
from tests.benchmarks.web import percentile
from tests.benchmarks.whole import Reader, whole
from tests.flows.product import Gmail, Product, eventually

EMAIL = "idle@example.com"
MESSAGES, ARRIVALS = 200, 12
CALM, SOON = 7.0, 1.0  # seconds after the last mail was there; passes that pushes start are five apart
WITHIN = 60.0
TOPIC = "projects/simulator/topics/gmail"
PUSHER = "push@simulator.iam.gserviceaccount.com"
AUDIENCE = "https://mail.example.com/push/gmail/"


def run() -> str:
    """A table: mail to an idle mailbox, and mail soon after another, whose pass waits for the end of the rest."""
    gmail = Gmail("--accounts", EMAIL, "--messages", str(MESSAGES), "--latency", "realistic")
    environment = {"GOOGLE_PUBSUB_TOPIC": TOPIC, "GOOGLE_PUBSUB_SERVICE_ACCOUNT": PUSHER}
    try:
        with whole(gmail, GOOGLE_PUBSUB_AUDIENCE=AUDIENCE, **environment) as product:
            lines = list(measured(gmail, product))
    finally:
        gmail.stop()
    head = f"Mail that Gmail's notification alone tells of, {ARRIVALS} of each kind: seconds until readable\n\n"
    return head + aligned(("mail", "p50", "p95", "most"), lines)


def measured(gmail: Gmail, product: Product) -> Iterator[list[str]]:
    """A line for each kind."""
    account = product.connect(EMAIL)
    reader = Reader(product)
    product.finished(reader.click(account))
    eventually(lambda: EMAIL in gmail.stats()["watches"], within=WITHIN)
    gmail.control("push", endpoint=f"{product.address}/push/gmail/", audience=AUDIENCE, account=PUSHER)
    for name, pause in (("to an idle mailbox", CALM), (f"{SOON:.0f} s after another", SOON)):
        times = sorted(arrival(gmail, reader, account, pause) for _ in range(ARRIVALS))
        yield [name, *(f"{percentile(times, share):.1f}" for share in (50, 95, 100))]


def arrival(gmail: Gmail, reader: Reader, account: int, pause: float) -> float:
    """Seconds from its arrival at Gmail until it can be read."""
    time.sleep(pause)
    begun = time.monotonic()
    (id_,) = gmail.control("deliver", email=EMAIL, count=1)["ids"]
    return reader.seconds_until_newest(account, id_, begun, WITHIN)
