"""An operator's evening: each rule in deploy/prometheus/alerts.yml fires in its own trouble, rests in health, heals where it can.

A real Prometheus scrapes the running product every second and evaluates the very expressions; only `for` is cut to two seconds.
The table that the last test prints stands in docs/operations.md.
"""

import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from tests.flows.conftest import AUDIENCE, PUSHER, TOPIC, free_port, unused_mailbox
from tests.flows.product import Gmail, Product, eventually
from tests.flows.prometheus import Prometheus, needs_prometheus

MANY = 12
KEPT = 150  # messages of each
SOON, LATE = 60.0, 180.0  # seconds: of what is seen at once, of what has to be missing for a minute

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(900),
    needs_prometheus,
]


@dataclass
class Evening:
    """What is running, what was seen."""

    product: Product
    gmail: Gmail
    prometheus: Prometheus
    rows: list[tuple[str, str, float, float | None]] = field(default_factory=list)

    def fires(self, trouble: str, *names: str, within: float, also: Callable[[], Any] = lambda: None) -> None:
        """Each of `names` within seconds from now on."""
        began, left = time.monotonic(), set(names)
        while left:
            also()
            for name in left & self.prometheus.firing():
                self.rows.append((name, trouble, time.monotonic() - began, None))
                left.discard(name)
            assert time.monotonic() - began < within, f"{trouble}: {left} do not fire"
            time.sleep(0.5)

    def heals(self, *names: str, within: float = LATE) -> None:
        """By itself."""
        began = time.monotonic()
        for name in names:
            eventually(lambda name=name: name not in self.prometheus.firing(), within=within)  # type: ignore[misc]
            seconds = time.monotonic() - began
            self.rows = [(n, t, fired, seconds if n == name else healed) for n, t, fired, healed in self.rows]

    @contextmanager
    def stopped(self, *processes: list[psutil.Process]) -> Iterator[None]:
        """They are there and do nothing."""
        for each in processes:
            self.product.signal(each, signal.SIGSTOP)
        try:
            yield
        finally:
            for each in processes:
                self.product.signal(each, signal.SIGCONT)

    def ready(self) -> dict[str, bool]:
        """The parts that /readyz names."""
        found: dict[str, bool] = requests.get(self.product.address + "/readyz", timeout=30).json()["checks"]
        return found

    def run(self, statement: str) -> None:
        """SQL, for times that nobody waits for."""
        with self.product.database() as connection:
            connection.execute(statement)


@pytest.fixture(scope="module")
def evening(gmail: Gmail) -> Iterator[Evening]:
    """The product with a lease of 6 s, a mail server that is not there, and what watches it."""
    with tempfile.TemporaryDirectory(prefix="mailsync-evening-", ignore_cleanup_errors=True) as directory:
        Path(directory).chmod(0o711)
        product = Product(
            Path(directory) / "home",
            free_port(),
            GOOGLE_BASE_URL=gmail.address,
            GMAIL_USER_UNITS_PER_MINUTE="0",
            GMAIL_PROJECT_UNITS_PER_MINUTE="0",
            GOOGLE_PUBSUB_TOPIC=TOPIC,
            GOOGLE_PUBSUB_AUDIENCE=AUDIENCE,
            GOOGLE_PUBSUB_SERVICE_ACCOUNT=PUSHER,
            EMAIL_URL=f"smtp://127.0.0.1:{free_port()}",
            SYNC_LEASE="6s",
            SYNC_STALE_AFTER="12s",
            API_THROTTLES="off",
        )
        (Path(directory) / "prometheus").mkdir()
        prometheus = Prometheus(Path(directory) / "prometheus", product.address.removeprefix("http://"))
        try:
            yield Evening(product, gmail, prometheus)
        finally:
            prometheus.stop()
            product.stop()


@pytest.fixture(scope="module")
def mailboxes(evening: Evening) -> dict[int, str]:
    """Accounts of the demo user, synced once."""
    emails = [unused_mailbox() for _ in range(MANY)]
    for email in emails:
        evening.gmail.control("delete", email=email, ids=evening.gmail.ids(email)[KEPT:])
    found = dict(zip(evening.product.connect_all(emails), emails, strict=True))
    for account in found:  # one after the other: where many wait for a minute, a rule says so for ten
        evening.product.finished(evening.product.start(account).json()["task_id"], within=300)
    eventually(lambda: evening.prometheus.value("sum(mailsync_accounts)") == MANY, within=SOON)
    return found


def test_in_health_all_are_quiet(evening: Evening, mailboxes: dict[int, str]) -> None:
    eventually(lambda: all(evening.ready().values()), within=LATE)
    eventually(lambda: not evening.prometheus.firing(), within=LATE)
    until = time.monotonic() + 10
    while time.monotonic() < until:
        assert not evening.prometheus.firing()
        time.sleep(1)


def test_redis_hangs(evening: Evening) -> None:
    with evening.stopped(evening.product.processes("valkey-server")):
        evening.fires("Redis hangs", "MailsyncDown", within=SOON)
        assert evening.ready()["redis"] is False
    evening.heals("MailsyncDown")
    eventually(lambda: all(evening.ready().values()), within=LATE)


def test_postgres_hangs(evening: Evening) -> None:
    servers = [each for each in evening.product.processes("postgres") if each.name() == "postgres"]
    with evening.stopped(servers):
        evening.fires("PostgreSQL hangs", "MailsyncDown", within=SOON)
    evening.heals("MailsyncDown")
    eventually(lambda: all(evening.ready().values()), within=LATE)


def test_no_worker_consumes(evening: Evening, mailboxes: dict[int, str]) -> None:
    product, account = evening.product, next(iter(mailboxes))
    evening.gmail.control("deliver", email=mailboxes[account], count=300)
    task_id = product.start(account, mode="full").json()["task_id"]
    eventually(lambda: product.job(task_id)["state"] == "RUNNING", within=SOON, every=0.05)  # a scrape may miss it
    with evening.stopped(product.processes("celery", "interactive@"), product.processes("celery", "scheduled@")):
        time.sleep(14)  # it is silent by now
        product.start(account)
        evening.fires("a worker hangs with a job in its hands", "MailsyncBugs", within=SOON)
        evening.run("UPDATE syncjobs_syncjob SET not_before = sync_now() - interval '301 s' WHERE state = 'CREATED'")
        evening.run("UPDATE mailsync_account SET last_success_at = sync_now() - interval '7 h'")
        names = ("MailsyncJobsWait", "MailsyncMailboxesBehind", "MailsyncQueueUnattended")
        evening.fires("no worker consumes", *names, within=LATE)
        assert "MailsyncClockStopped" not in evening.prometheus.firing()
        assert evening.ready()["worker_interactive"] is False
    evening.run("UPDATE mailsync_account SET next_sync_at = sync_now()")
    # The second may look back over four minutes: less than its own `for`, more than this one.
    evening.heals("MailsyncQueueUnattended", "MailsyncJobsWait", "MailsyncMailboxesBehind", within=2 * LATE)


def test_the_clock_stands(evening: Evening) -> None:
    with evening.stopped(evening.product.processes("celery", " beat"), evening.product.processes("celery", "control@")):
        evening.run("UPDATE mailsync_account SET next_sync_at = sync_now() - interval '301 s'")
        evening.fires("the clock stands", "MailsyncTickLate", "MailsyncClockStopped", within=LATE)
        assert "MailsyncQueueUnattended" not in evening.prometheus.firing()
        assert evening.ready()["beat"] is False
    evening.heals("MailsyncClockStopped", "MailsyncTickLate")


def test_workers_are_lost(evening: Evening, mailboxes: dict[int, str]) -> None:
    def kill() -> None:
        """Whoever has a job in his hands."""
        for account in mailboxes:
            evening.product.start(account, mode="full")
        if evening.prometheus.value("sum(mailsync_jobs_held)") > 0:
            hands = [each for each in evening.product.processes("celery", "interactive@") if not each.children()]
            evening.product.signal(hands, signal.SIGKILL)
        time.sleep(4)

    evening.fires("workers are killed again and again", "MailsyncWorkersLost", within=400, also=kill)
    eventually(lambda: evening.prometheus.value('sum(mailsync_jobs{state="RUNNING"})') == 0, within=300)


def test_somebody_forges_pushes(evening: Evening) -> None:
    for _ in range(150):
        headers = {"Authorization": "Bearer forged"}
        requests.post(evening.product.address + "/push/gmail/", json={"message": {}}, headers=headers, timeout=30)
    evening.fires("forged pushes", "MailsyncForgedPushes", within=SOON)


def test_gmail_will_not_watch(evening: Evening) -> None:
    evening.gmail.control("faults", rules=[{"fault": "domain_policy", "match": {"method": "watch"}}])
    evening.run("UPDATE mailsync_watch SET due_at = sync_now()")
    evening.fires("Gmail refuses watches", "MailsyncPushesLapse", within=SOON)
    evening.gmail.control("faults", rules=[])
    evening.run("UPDATE mailsync_watch SET due_at = sync_now()")  # it would be asked again within the hour
    evening.heals("MailsyncPushesLapse")


def test_grants_are_revoked_and_nobody_can_be_told(evening: Evening, mailboxes: dict[int, str]) -> None:
    product = evening.product
    product.shell(
        "from django.contrib.auth.models import User; User.objects.update(email='demo@example.com'); print(1)"
    )
    for email in mailboxes.values():
        evening.gmail.control("revoke", email=email)
    evening.run("UPDATE mailsync_account SET credentials = credentials")
    for account in mailboxes:
        product.start(account)
    evening.fires("all grants are revoked", "MailsyncReconnects", "MailsyncJobsFail", within=LATE)

    def hurry() -> None:
        evening.run("UPDATE mailsync_notice SET not_before = sync_now() WHERE delivered_at IS NULL")

    evening.fires("the mail server is away", "MailsyncNoticesStuck", within=LATE, also=hurry)


def test_every_rule_was_seen(evening: Evening) -> None:
    print(f"\n{'rule':26} {'trouble':44} {'fired after s':>13} {'healed after s':>14}")
    for name, trouble, fired, healed in evening.rows:
        print(f"{name:26} {trouble:44} {fired:13.0f} {'not waited for' if healed is None else f'{healed:.0f}':>14}")
    assert {name for name, *_ in evening.rows} == evening.prometheus.names
