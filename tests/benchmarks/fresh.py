"""How soon a mail that arrives during a long first pass can be read, after a click or a push."""

import random
import time
from collections.abc import Iterator

import requests

from tests.benchmarks.table import aligned
from tests.benchmarks.web import TO_ANSWER
from tests.benchmarks.whole import Reader, whole
from tests.flows.product import Gmail, Product

EMAIL = "long@example.com"
MESSAGES, QUOTA = 100_000, 6_000
ARRIVALS = 5  # of each kind
CALM = (5.0, 20.0)  # seconds between them
WITHIN = 60.0
TARGET = 15.0
PUSHER = "push@simulator.iam.gserviceaccount.com"
AUDIENCE = "https://mail.example.com/push/gmail/"


def run() -> str:
    """A table: nothing of the pass is lost meanwhile, its count only grows."""
    gmail = Gmail("--accounts", EMAIL, "--messages", str(MESSAGES), "--quota", str(QUOTA), "--latency", "realistic")
    try:
        gmail.ids(EMAIL)
        with whole(gmail, GOOGLE_PUBSUB_AUDIENCE=AUDIENCE, GOOGLE_PUBSUB_SERVICE_ACCOUNT=PUSHER) as product:
            lines = list(arrivals(gmail, product))
            refused = sum(count for status, count in gmail.stats()["statuses"].items() if status in ("403", "429"))
    finally:
        gmail.stop()
    late = sum(float(line[1]) > TARGET for line in lines)
    head = f"Mail that arrives during the first pass over {MESSAGES:,} messages at {QUOTA:,} units a minute\n\n"
    heads = ("told by", "seconds until readable", "messages of the pass by then")
    return head + aligned(heads, lines) + f"\n\n{late or 'none'} later than {TARGET:.0f} s; {refused} calls refused"


def arrivals(gmail: Gmail, product: Product) -> Iterator[list[str]]:
    """First those that a click tells of, then those that Gmail pushes by itself."""
    (account,) = product.connect_all([EMAIL])
    reader, dice = Reader(product), random.Random(1)
    task = reader.click(account)
    reader.seconds_until_newest(account, None, time.monotonic(), WITHIN)
    for number in range(2 * ARRIVALS):
        pushed = number >= ARRIVALS
        if number == ARRIVALS:
            watch(gmail, product)
        time.sleep(dice.uniform(*CALM))
        arrived = time.monotonic()
        (id_,) = gmail.control("deliver", email=EMAIL, count=1)["ids"]
        if not pushed:
            reader.click(account)
        seconds = reader.seconds_until_newest(account, id_, arrived, WITHIN)
        job = reader.ask("GET", f"/api/jobs/{task}/")
        if job["state"] != "RUNNING":
            raise SystemExit(f"the pass is {job['state']} already: {job}")
        yield ["a push" if pushed else "a click", f"{seconds:.1f}", f"{job['stats']['done']:,}"]


def watch(gmail: Gmail, product: Product) -> None:
    """Gmail pushes to the product from now on."""
    gmail.control("push", endpoint=f"{product.address}/push/gmail/", audience=AUDIENCE, account=PUSHER)
    grant = {"grant_type": "refresh_token", "refresh_token": f"sim-refresh-{EMAIL}"}
    client = {"client_id": "simulator", "client_secret": "simulator"}
    token = requests.post(f"{gmail.address}/token", data=grant | client, timeout=TO_ANSWER).json()["access_token"]
    answer = requests.post(
        f"{gmail.address}/gmail/v1/users/me/watch",
        json={"topicName": "projects/bench/topics/mail"},
        headers={"Authorization": f"Bearer {token}"},
        timeout=TO_ANSWER,
    )
    if not answer.ok:
        raise SystemExit(f"watch answers {answer.status_code}: {answer.text[:300]}")
