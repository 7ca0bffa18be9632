"""One product and one Gmail for all stories; each story has a mailbox of its own."""

import itertools
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.flows.product import Gmail, Product

expect.set_options(timeout=60_000)  # ms: a page may wait for a machine that is busy with other things

MESSAGES = 600
LATENCY = 0.1
CONNECTED_AT_ONCE = 6
# Every mailbox of the stories is watched; only the stories of push tell the simulator where to send notifications.
TOPIC = "projects/simulator/topics/gmail"
AUDIENCE = "https://mail.example.com/push/gmail/"
PUSHER = "push@simulator.iam.gserviceaccount.com"


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="package")
def gmail() -> Iterator[Gmail]:
    """Mailboxes of 600 messages: a full sync takes some four seconds, time enough to interrupt it."""
    started = Gmail("--messages", str(MESSAGES), "--accounts", "90", "--latency", str(LATENCY))
    yield started
    started.stop()


@pytest.fixture(scope="package")
def product(gmail: Gmail) -> Iterator[Product]:
    """The product with short times: a lease of 6 s, silence after 12 s."""
    with tempfile.TemporaryDirectory(prefix="mailsync-flows-", ignore_cleanup_errors=True) as directory:
        Path(directory).chmod(0o711)
        started = Product(
            Path(directory) / "home",
            free_port(),
            GOOGLE_BASE_URL=gmail.address,
            GMAIL_USER_UNITS_PER_MINUTE="0",
            GMAIL_PROJECT_UNITS_PER_MINUTE="0",
            GOOGLE_PUBSUB_TOPIC=TOPIC,
            GOOGLE_PUBSUB_AUDIENCE=AUDIENCE,
            GOOGLE_PUBSUB_SERVICE_ACCOUNT=PUSHER,
            SYNC_LEASE="6s",
            SYNC_STALE_AFTER="12s",
        )
        yield started
        started.stop()


_numbers = itertools.count(1)


def unused_mailbox() -> str:
    """The address of a mailbox that no other story touches."""
    return f"user{next(_numbers)}@example.com"


@pytest.fixture(scope="package")
def connected(product: Product) -> Iterator[tuple[str, int]]:
    """Mailboxes that the demo user connected, each with its account; several at once, since that takes a process."""

    def without_end() -> Iterator[tuple[str, int]]:
        while True:
            emails = [unused_mailbox() for _ in range(CONNECTED_AT_ONCE)]
            yield from zip(emails, product.connect_all(emails), strict=True)

    return without_end()


@pytest.fixture
def pair(connected: Iterator[tuple[str, int]]) -> tuple[str, int]:
    """A mailbox and its account, nobody else's."""
    return next(connected)


@pytest.fixture
def mailbox(request: pytest.FixtureRequest) -> str:
    """A mailbox of its own, connected only for a test that asks for its `account`."""
    if "account" not in request.fixturenames:
        return unused_mailbox()
    email: str = request.getfixturevalue("pair")[0]
    return email


@pytest.fixture
def account(pair: tuple[str, int]) -> int:
    """The demo user's account of `mailbox`."""
    return pair[1]
