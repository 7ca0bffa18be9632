"""Ten mailboxes of very different size share one project's quota, with a Redis that dies in between: each gets as much."""

import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.flows.conftest import free_port
from tests.flows.product import Gmail, Product
from tests.gmail.spends import fullest_minute

A_MINUTE = 6000  # units of the project; a message costs 5 at the old prices
SIZES = (20, 50, 100, 200, 400, 1000, 1500, 2000, 3000, 4000)
EMAILS = [f"user{number}@example.com" for number in range(1, 11)]
Spends = list[tuple[float, str, int]]


@pytest.fixture
def limited() -> Iterator[tuple[Gmail, Product]]:
    """A Gmail that counts, and a product that knows its limits."""
    options = f"--messages {max(SIZES)} --accounts {len(SIZES)} --latency 0.1 --prices 2021"
    gmail = Gmail(*options.split(), "--quota", str(A_MINUTE), "--project-quota", str(A_MINUTE))
    for email, size in zip(EMAILS, SIZES, strict=True):
        gmail.control("delete", email=email, ids=gmail.ids(email)[size:])
    with tempfile.TemporaryDirectory(prefix="mailsync-quota-", ignore_cleanup_errors=True) as directory:
        Path(directory).chmod(0o711)
        product = Product(
            Path(directory) / "home",
            free_port(),
            GOOGLE_BASE_URL=gmail.address,
            GMAIL_USER_UNITS_PER_MINUTE=str(A_MINUTE),
            GMAIL_PROJECT_UNITS_PER_MINUTE=str(A_MINUTE),
            GMAIL_UNIT_COSTS="2021",
        )
        yield gmail, product
        product.stop()
    gmail.stop()


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("restart", "end", "fairness"),
    [
        # Who comes first finds more of the first minute's allowance: a second minute does not make up for all of it.
        pytest.param(35, 80, 0.85, id="short", marks=pytest.mark.long),
        pytest.param(95, 260, 0.95, id="long", marks=pytest.mark.long),
    ],
)
def test_ten_mailboxes_get_equal_parts_and_the_limit_holds_through_a_redis_that_dies(
    limited: tuple[Gmail, Product],
    restart: float,
    end: float,
    fairness: float,
    record_property: Callable[[str, str], None],
) -> None:
    gmail, product = limited
    accounts = product.connect_all(EMAILS)
    began = time.time()
    with ThreadPoolExecutor(4) as crowd:
        tasks = [answer.json()["task_id"] for answer in crowd.map(product.start, accounts)]

    sleep_until(began + restart)
    product.signal(product.processes("valkey-server"), signal.SIGKILL)
    sleep_until(began + end)

    spends: Spends = gmail.spends()
    jobs = {email: product.job(task) for email, task in zip(EMAILS, tasks, strict=True)}
    wanting = [email for email, job in jobs.items() if job["finished_at"] is None]
    shares = [units(spends, email, began, began + end) for email in wanting]
    refused = {status: count for status, count in gmail.stats()["statuses"].items() if status in ("403", "429")}
    fullest = fullest_minute([(at, spent) for at, _, spent in spends])
    used = sum(spent for at, _, spent in spends if began <= at < began + end)
    record_property(
        "summary",
        f"shares {shares}: fairness {jain(shares):.3f}, fullest minute {fullest}, used {used} of {A_MINUTE * end / 60:.0f}",
    )

    assert len(wanting) >= 3
    assert jain(shares) >= fairness, shares
    assert fullest <= A_MINUTE
    assert not refused
    assert used >= 0.6 * A_MINUTE * end / 60  # nobody spends while Redis is away or has forgotten, and gathers
    waiting = [job for job in jobs.values() if job["phase"] == "waiting_for_quota"]
    assert waiting and all("Gmail" in job["message"] for job in waiting)


def units(spends: Spends, email: str, begin: float, end: float) -> int:
    """What a mailbox spent between two moments."""
    return sum(spent for at, whose, spent in spends if whose == email and begin <= at < end)


def jain(shares: list[int]) -> float:
    """1 when all shares are equal, 1/n when one has everything."""
    return sum(shares) ** 2 / (len(shares) * sum(share * share for share in shares))


def sleep_until(moment: float) -> None:
    """Until then by this machine's clock."""
    time.sleep(max(0.0, moment - time.time()))
