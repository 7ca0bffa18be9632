"""Each alert rule fires in its own trouble and in no other, is quiet in health, and heals.

The series are scrapes of this product in health, in trouble and healed, laid out minute by minute; `promtool`, which is
Prometheus' own, evaluates deploy/prometheus/alerts.yml over them as it is. The troubles with every process running are in
tests/flows/test_alerts.py.
"""

import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import User
from django.test import Client

from config.embedded.ports import free_port
from mailsync import schedule
from mailsync.metrics import door
from mailsync.models import Account, Checkpoint, Notice, Watch
from mailsync.notices import deliver
from syncjobs import lifecycle, liveness
from syncjobs.models import SyncJob
from syncjobs.states import QUEUES, Trigger

RULES = Path(__file__).resolve().parents[3] / "deploy" / "prometheus" / "alerts.yml"
HEALTHY, HEALED = 30, 75  # minutes: the second longer than any window
IN_TROUBLE = 50
A_DAY = 25 * 60
MANY = 12

Scrape = dict[str, str]
Turn = Callable[[timedelta], None]

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool, of Debian's package prometheus"),
]


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each scrape is a reading of its own."""
    monkeypatch.setattr(door, "FRESH_SECONDS", -1.0)


class Evening:
    """A product in rows, whose time can be turned."""

    def __init__(self, client: Client, turn: Turn, settings: Any) -> None:
        self.client, self.settings = client, settings
        self._turn, self._turned = turn, timedelta()
        self.owner = User.objects.create_user("carla", email="carla@example.com")
        self.accounts = []
        for number in range(MANY):
            account = Account.objects.create(owner=self.owner, email=f"c{number}@example.com", credentials="{}")
            Checkpoint.objects.create(account=account)
            self.accounts.append(account)
        self.all_beat()

    def later(self, **span: float) -> None:
        """So much later, for everything that asks the database."""
        self._turned += timedelta(**span)
        self._turn(self._turned)

    def all_beat(self, *but: str) -> None:
        """Everybody is seen now."""
        for name in {liveness.BEAT, *map(liveness.queue_name, QUEUES)} - set(but):
            liveness.seen(name)

    def scrape(self) -> Scrape:
        """Values by series."""
        text = self.client.get("/metrics").content.decode()
        lines = [line for line in text.splitlines() if line.startswith("mailsync_")]
        return dict(line.rsplit(" ", 1) for line in lines)

    def held(self, account: Account) -> SyncJob:
        """A job of its that a worker has."""
        job = schedule.request_sync(account, trigger=Trigger.CLOCK).job
        claimed = lifecycle.claim(job.pk, "a worker")
        assert claimed is not None
        return claimed

    def failed(self, code: str, times: int = 1) -> None:
        """Jobs that end so."""
        for account in self.accounts[:times]:
            lifecycle.fail(self.held(account), code)
        Account.objects.update(state=Account.State.OK)


@pytest.fixture
def evening(client: Client, turn: Turn, settings: Any, transactional_db: None) -> Evening:
    return Evening(client, turn, settings)


# --- The troubles: each leaves things as that trouble does ----------------------------------------------------------


def redis_is_away(evening: Evening) -> None:
    evening.settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"


def nothing_answers(evening: Evening) -> None:
    evening.client.get = lambda *_, **__: evening.client.head("/healthz")  # type: ignore[method-assign]


def nobody_consumes(evening: Evening) -> None:
    """A job that runs, but stands: its last worker gave it back."""
    lifecycle.release(evening.held(evening.accounts[0]), wait=timedelta(), phase="next_slice", code="next_slice")
    evening.later(seconds=65)
    evening.all_beat(liveness.queue_name("interactive"))


def all_hands_are_busy(evening: Evening) -> None:
    evening.later(seconds=65)
    evening.all_beat(liveness.queue_name(evening.held(evening.accounts[0]).queue))


def the_clock_stands(evening: Evening) -> None:
    evening.later(seconds=65)


def mailboxes_are_due_and_not_taken(evening: Evening) -> None:
    Account.objects.update(next_sync_at="2020-01-01T00:00:00Z")


def a_job_waits(evening: Evening) -> None:
    schedule.request_sync(evening.accounts[0], trigger=Trigger.BUTTON)
    evening.later(seconds=310)
    evening.all_beat()


def mailboxes_fall_behind(evening: Evening) -> None:
    evening.later(hours=7)
    evening.all_beat()


def grants_end(evening: Evening) -> None:
    Account.objects.filter(pk__in=[each.pk for each in evening.accounts[:2]]).update(state=Account.State.RECONNECT)


def many_jobs_fail(evening: Evening) -> None:
    evening.failed("gmail_refused", MANY)


def the_first_bug(evening: Evening) -> None:
    evening.failed("BUG")


def workers_are_lost(evening: Evening) -> None:
    for account in evening.accounts[:7]:
        job = evening.held(account)
        evening.later(minutes=2)
        taken = lifecycle.claim(job.pk, "another worker")
        assert taken is not None
        lifecycle.succeed(taken)
    evening.all_beat()


def pushes_are_forged(evening: Evening) -> None:
    for _ in range(120):
        answer = evening.client.post("/push/gmail/", b"{}", "application/json", headers={"authorization": "Bearer x"})
        assert answer.status_code == 403


def gmail_watches_no_more(evening: Evening) -> None:
    Watch.objects.create(email="c0@example.com", trouble="gmail_refused")


def nobody_can_be_told(evening: Evening) -> None:
    Notice.objects.create(user=evening.owner, event="failed", way="mail", dedupe_key="x", account_id=None)
    for _ in range(7):
        Notice.objects.update(not_before="2020-01-01T00:00:00Z")
        deliver.tick()


TROUBLES: list[tuple[Callable[[Evening], None], set[str], int]] = [
    (redis_is_away, {"MailsyncDown"}, IN_TROUBLE),
    (nothing_answers, {"MailsyncDown"}, IN_TROUBLE),
    (nobody_consumes, {"MailsyncQueueUnattended"}, IN_TROUBLE),
    (all_hands_are_busy, set(), IN_TROUBLE),
    (the_clock_stands, {"MailsyncClockStopped"}, IN_TROUBLE),
    (mailboxes_are_due_and_not_taken, {"MailsyncTickLate"}, IN_TROUBLE),
    (a_job_waits, {"MailsyncJobsWait"}, IN_TROUBLE),
    (mailboxes_fall_behind, {"MailsyncMailboxesBehind"}, IN_TROUBLE),
    (grants_end, {"MailsyncReconnects"}, IN_TROUBLE),
    (many_jobs_fail, {"MailsyncJobsFail"}, IN_TROUBLE),
    (the_first_bug, {"MailsyncBugs"}, IN_TROUBLE),
    (workers_are_lost, {"MailsyncWorkersLost"}, 10),
    (pushes_are_forged, {"MailsyncForgedPushes"}, IN_TROUBLE),
    (gmail_watches_no_more, {"MailsyncPushesLapse"}, A_DAY),
    (nobody_can_be_told, {"MailsyncNoticesStuck"}, IN_TROUBLE),
]


def rules() -> list[str]:
    return [rule["alert"] for rule in yaml.safe_load(RULES.read_text())["groups"][0]["rules"]]


def healed(now: Scrape, before: Scrape) -> Scrape:
    """Things stand as before; what was counted stays counted."""
    return before | {name: value for name, value in now.items() if "_total" in name or "_latency_" in name}


def series(spans: list[tuple[int, Scrape]]) -> list[dict[str, str]]:
    """What Prometheus would hold, a sample a minute."""
    names = dict.fromkeys(name for _, scrape in spans for name in scrape)
    return [
        {"series": name, "values": " ".join(f"{scrape.get(name, '_')}" for span, scrape in spans for _ in range(span))}
        for name in names
    ]


def fires(name: str, minute: int, yes: bool) -> dict[str, Any]:
    """A question to promtool with the answer that is expected."""
    expression = f'group(ALERTS{{alertname="{name}", alertstate="firing"}}) or vector(0)'
    samples = [{"labels": "{}", "value": int(yes)}]
    return {"expr": expression, "eval_time": f"{minute}m", "exp_samples": samples}


def ask(directory: Path, series: list[dict[str, str]], questions: list[dict[str, Any]]) -> None:
    """Have promtool evaluate the rules over these series; it fails where an answer is another."""
    group = {"interval": "1m", "input_series": series, "promql_expr_test": questions}
    (directory / "test.yml").write_text(
        yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [group]})
    )
    command = ["promtool", "test", "rules", "test.yml"]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("trouble", "expected", "minutes"), TROUBLES, ids=[each[0].__name__ for each in TROUBLES])
def test_a_trouble_fires_its_own_rule_alone(
    evening: Evening, tmp_path: Path, trouble: Callable[[Evening], None], expected: set[str], minutes: int
) -> None:
    evening.settings.GOOGLE_PUBSUB_TOPIC = "projects/simulator/topics/gmail"
    evening.settings.GOOGLE_PUBSUB_SERVICE_ACCOUNT = "push@simulator.iam.gserviceaccount.com"
    evening.settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    evening.settings.EMAIL_HOST, evening.settings.EMAIL_PORT = "127.0.0.1", free_port()
    before = evening.scrape()
    trouble(evening)
    now = evening.scrape()
    spans = [(HEALTHY, before), (minutes, now), (HEALED, healed(now, before))]
    end = HEALTHY + minutes + HEALED - 1
    tests = [
        fires(name, at, name in expected and at == HEALTHY + minutes - 1)
        for name in rules()
        for at in (HEALTHY - 1, HEALTHY + minutes - 1, end)
    ]
    ask(tmp_path, series(spans), tests)


@pytest.mark.parametrize(("slow", "fired"), [("11x50", False), ("11+1x50", True)], ids=["once", "all along"])
def test_a_long_wait_that_is_over_calls_nobody_after_the_fact(tmp_path: Path, slow: str, fired: bool) -> None:
    counts = {"60.0": "10x80", "300.0": f"10x29 {slow}", "+Inf": f"10x29 {slow}"}
    waits = [
        {"series": f'mailsync_claim_latency_seconds_bucket{{le="{bound}"}}', "values": values}
        for bound, values in counts.items()
    ]
    minutes = range(40, 60) if fired else range(60)
    ask(tmp_path, waits, [fires("MailsyncJobsWait", minute, fired) for minute in minutes])


def test_every_rule_has_its_trouble() -> None:
    assert set().union(*(expected for _, expected, _ in TROUBLES)) == set(rules())
