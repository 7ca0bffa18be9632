"""An operator's evening: Redis, Postgres, a worker, the clock are killed, once, then as often as they come back.

Who is killed once is back before anybody is called. Who is killed again and again is named by /readyz, /metrics, an alert rule
and the page; once it is let live all is well without a hand. The table that the last test prints stands in docs/operations.md.
"""

import re
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
import requests

from tests.flows.conftest import free_port, unused_mailbox
from tests.flows.product import Gmail, Product, eventually
from tests.flows.prometheus import Prometheus, needs_prometheus
from tests.flows.test_hang import parts

LATE = 240.0  # seconds in which each sign has to be seen, and all to be well
NEW_MAIL = 120
SIGNS = ("readyz", "metrics", "alert", "page")
LANGUAGES = ("en", "zh-CN")
STANDS_STILL = ("Automatic sync stands still at the moment", "自动同步目前停顿")
STRANDED = r'data-stranded="\d+">\s*'  # what is not hidden
NO_WORKER = (STRANDED + "No worker is taking jobs at the moment", STRANDED + "目前没有工作进程接手任务")
AWAY = ("The database is busy or away", "数据库繁忙或暂时不可用")

# What counts over a window says afterwards what there was: it rests when its window has passed, not when all is well.
OF_A_WINDOW = {"MailsyncWorkersLost", "MailsyncJobsWait"}

pytestmark = [pytest.mark.long, pytest.mark.timeout(900), needs_prometheus]

Signs = dict[str, Callable[[], bool]]


@dataclass
class Row:
    """Of one trouble: seconds until it was back after one death; until each sign, after the first of many; until all was well."""

    trouble: str
    back: float
    deaths: int = 0
    seen: dict[str, float] = field(default_factory=dict)
    healed: float = 0.0

    def __str__(self) -> str:
        signs = " | ".join(f"{self.seen[name]:.0f}" for name in SIGNS)
        return f"| {self.trouble} | {self.back:.0f} | {self.deaths} | {signs} | {self.healed:.0f} |"


@dataclass
class Evening:
    """What is running, what was seen."""

    product: Product
    gmail: Gmail
    prometheus: Prometheus
    person: requests.Session
    rows: list[Row] = field(default_factory=list)

    def get(self, path: str, language: str = "en", *, visitor: bool = False) -> requests.Response:
        """A page as the demo user sees it, or somebody who has not signed in."""
        asks = requests if visitor else self.person
        return asks.get(self.product.address + path, headers={"Accept-Language": language}, timeout=60)

    def says(self, sentences: tuple[str, str]) -> bool:
        """Whether the first page says so in each language; sentences are patterns."""
        told = zip(sentences, LANGUAGES, strict=True)
        return all(re.search(said, self.get("/", language).text) for said, language in told)

    def checks(self) -> dict[str, bool]:
        """What a browser hears, whose cookie is of no use without the database; the status says whether all of it is well."""
        answer = self.get("/readyz")
        found: dict[str, bool] = answer.json()["checks"]
        assert answer.status_code == (200 if all(found.values()) else 503)
        return found

    def fires(self, **labels: str) -> bool:
        """Whether an alert with these labels would wake somebody."""
        return any(labels.items() <= alarm.items() for alarm in self.prometheus.alarms())

    def is_well(self) -> bool:
        """Everything is ready, and nobody is called for how things stand; nothing has failed."""
        with suppress(requests.RequestException):
            return all(self.checks().values()) and not self.prometheus.firing() - OF_A_WINDOW
        return False

    def click(self, account: int) -> int:
        """As the page's form does it without a script; the status of the page that one is led to."""
        token = {"csrfmiddlewaretoken": self.person.cookies["csrftoken"], "plan": "smart"}
        address = f"{self.product.address}/accounts/{account}/sync/"
        return self.person.post(address, data=token, timeout=60).status_code

    def exact(self, account: int, email: str) -> None:
        """A click syncs, and what is held is equal to what Gmail has; the first click joins whatever is still on its way."""
        self.product.finished(self.product.start(account).json()["task_id"], within=LATE)
        self.gmail.control("deliver", email=email, count=NEW_MAIL)
        job = self.product.finished(self.product.start(account).json()["task_id"], within=LATE)
        assert job["state"] == "SUCCEEDED"
        assert "Equal." in self.product.manage("verify_account", email, "--all")

    def suffers(self, trouble: str, victims: Callable[[], list[psutil.Process]], signs: Signs) -> None:
        """Kill them once, in the middle of a sync, then until each sign was seen; wait until all is well again."""
        email = unused_mailbox()
        account = self.product.connect(email)
        eventually(self.is_well, within=LATE)
        row = Row(trouble, self.killed_once(account, victims))
        self.exact(account, email)
        with self.killed_again_and_again(row, victims):
            began = time.monotonic()
            with ThreadPoolExecutor(len(signs) + 1) as eyes:
                clicked = eyes.submit(self.click, account)  # whoever is at the page wants his mail
                row.seen = dict(zip(signs, eyes.map(lambda true: _seconds(true, began), signs.values()), strict=True))
            assert clicked.result() in (200, 503)
        ended = time.monotonic()
        eventually(self.is_well, within=LATE)
        row.healed = time.monotonic() - ended
        self.exact(account, email)
        self.rows.append(row)
        print(f"\n{row}  still firing: {sorted(self.prometheus.firing())}")

    def killed_once(self, account: int, victims: Callable[[], list[psutil.Process]]) -> float:
        """Seconds until the next one is there and everything works; the sync that was on its way comes to its end."""
        task_id = self.product.start(account).json()["task_id"]
        self.product.done(task_id, at_least=100)
        dead = victims()
        assert dead
        left = [child for each in dead for child in each.children(recursive=True)]
        self.product.signal(dead, signal.SIGKILL)
        began = time.monotonic()
        eventually(lambda: (now := victims()) and not set(now) & set(dead), within=LATE)
        eventually(self.is_well, within=LATE)
        back = time.monotonic() - began
        assert not [child for child in left if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
        assert self.product.finished(task_id, within=LATE)["state"] == "SUCCEEDED"
        return back

    @contextmanager
    def killed_again_and_again(self, row: Row, victims: Callable[[], list[psutil.Process]]) -> Iterator[None]:
        """Each time they are there."""
        over = threading.Event()

        def kill() -> None:
            while not over.wait(0.2):
                found = victims()
                row.deaths += len(found)
                self.product.signal(found, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        try:
            yield
        finally:
            over.set()
            killer.join()


def _seconds(true: Callable[[], bool], began: float) -> float:
    """Until it was."""

    def quietly() -> bool:
        with suppress(requests.RequestException):
            return true()
        return False

    eventually(quietly, within=LATE, every=0.3)
    return time.monotonic() - began


@pytest.fixture(scope="module")
def evening(gmail: Gmail) -> Iterator[Evening]:
    """The product with a lease of 6 s, what watches it, and the demo user at its first page."""
    with tempfile.TemporaryDirectory(prefix="mailsync-evening-", ignore_cleanup_errors=True) as directory:
        Path(directory).chmod(0o711)
        product = Product(
            Path(directory) / "home",
            free_port(),
            GOOGLE_BASE_URL=gmail.address,
            GMAIL_USER_UNITS_PER_MINUTE="0",
            GMAIL_PROJECT_UNITS_PER_MINUTE="0",
            SYNC_LEASE="6s",
            SYNC_INTERVAL="24h",
            API_THROTTLES="off",
        )
        (Path(directory) / "prometheus").mkdir()
        prometheus = Prometheus(Path(directory) / "prometheus", product.address.removeprefix("http://"))
        try:
            yield Evening(product, gmail, prometheus, signed_in(product))
        finally:
            prometheus.stop()
            product.stop()


def signed_in(product: Product) -> requests.Session:
    """The demo user's browser."""
    person = requests.Session()
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)', person.get(product.address + "/login/").text)
    assert found
    words = {"username": "demo", "password": "demo", "csrfmiddlewaretoken": found[1]}
    assert person.post(product.address + "/login/", data=words).url == product.address + "/"
    return person


def leaders(evening: Evening, *words: str) -> list[psutil.Process]:
    """Those that the supervisor itself has started, without their children."""
    return [each for each in evening.product.processes(*words) if _parent(each) == evening.product.process.pid]


def _parent(process: psutil.Process) -> int:
    with suppress(psutil.NoSuchProcess):
        return process.ppid()
    return 0


def test_redis_is_killed(evening: Evening) -> None:
    signs: Signs = {
        "readyz": lambda: not evening.checks()["redis"],
        "metrics": lambda: parts(evening.product) == {"database": 1, "redis": 0},
        "alert": lambda: evening.fires(alertname="MailsyncDown", part="redis"),
        "page": lambda: evening.says(NO_WORKER) and evening.says(STANDS_STILL),
    }
    evening.suffers("Redis", lambda: leaders(evening, "valkey-server"), signs)


def test_postgres_is_killed(evening: Evening) -> None:
    def page() -> bool:
        """Who has signed in and who has not are told the same, in both languages, and when to come back."""
        with ThreadPoolExecutor(2) as eyes:
            asked = eyes.submit(evening.get, "/"), eyes.submit(evening.get, "/login/", visitor=True)
            answers = [each.result() for each in asked]
        for answer in answers:
            assert "Traceback" not in answer.text
            assert answer.status_code in (200, 503)
        told = [each for each in answers if each.status_code == 503]
        assert all(said in each.text for said in AWAY for each in told)
        return [int(each.headers["Retry-After"]) > 0 for each in told] == [True, True]

    signs: Signs = {
        "readyz": lambda: evening.checks() == {"database": False},
        "metrics": lambda: parts(evening.product) == {"database": 0, "redis": 1},
        "alert": lambda: evening.fires(alertname="MailsyncDown", part="database"),
        "page": page,
    }
    evening.suffers("Postgres", lambda: leaders(evening, "postgres"), signs)


def test_postgres_shuts_down_at_once(evening: Evening) -> None:
    """What an impatient operator does: no process of it says good-bye, nobody deletes a file."""
    [before] = leaders(evening, "postgres")
    evening.product.signal([before], signal.SIGQUIT)
    eventually(lambda: (now := leaders(evening, "postgres")) and before not in now, within=LATE)
    eventually(evening.is_well, within=LATE)


def test_a_worker_is_killed_and_its_children_are_left_behind(evening: Evening) -> None:
    name = "queue.interactive"
    signs: Signs = {
        "readyz": lambda: not evening.checks()["worker_interactive"],
        "metrics": lambda: heartbeat_age(evening, name) > 60,
        "alert": lambda: evening.fires(alertname="MailsyncQueueUnattended", name=name),
        "page": lambda: evening.says(NO_WORKER) and not evening.says(STANDS_STILL),
    }
    evening.suffers("a worker", lambda: leaders(evening, "celery", "interactive@"), signs)


def test_the_clock_is_killed(evening: Evening) -> None:
    signs: Signs = {
        "readyz": lambda: not evening.checks()["beat"],
        "metrics": lambda: heartbeat_age(evening, "beat") > 60,
        "alert": lambda: evening.fires(alertname="MailsyncClockStopped"),
        "page": lambda: evening.says(STANDS_STILL),
    }
    evening.suffers("the beat", lambda: leaders(evening, "celery", " beat "), signs)


def heartbeat_age(evening: Evening, name: str) -> float:
    """Seconds, as Prometheus has them."""
    return evening.prometheus.value(f'max(mailsync_heartbeat_age_seconds{{name="{name}"}})')


def test_each_was_seen_by_all_who_look(evening: Evening) -> None:
    print(
        f"\n| killed | once: another, and all well, after s | again and again: deaths | {' | '.join(SIGNS)} | all well after s |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for row in evening.rows:
        print(row)
    assert [row.trouble for row in evening.rows] == ["Redis", "Postgres", "a worker", "the beat"]
    assert all(set(row.seen) == set(SIGNS) for row in evening.rows)
