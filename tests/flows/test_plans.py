"""The plans side by side: without any worker, then all at once while workers die and mail changes."""

import json
import random
import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psutil
import pytest
import requests

from tests.flows.conftest import unused_mailbox
from tests.flows.product import Gmail, Product, eventually

MOST_CALLS = 20
PEOPLE, HANDS = 3, 2  # each person presses with two hands
MIXED_SECONDS = 15.0
PLANS = {"smart": 5, "simple": 2, "batch": 4, "check": 3, "today": 2, "week": 2}  # with weights
ANSWERS = {200, 202, 429, 503}
ENDS = {"", "STALE", "POISON"}  # what a job may fail of where workers are killed

FORGET_WORKERS = "from syncjobs.models import Heartbeat; Heartbeat.objects.all().delete()"

BEGIN = """
import json
from datetime import timedelta
from django.contrib.auth.models import User
from django.db import connection
from mailsync import tokens
from mailsync.connect import connect
from mailsync.credentials import user_grant
from mailsync.models import Account
from syncjobs.clock import in_
with connection.cursor() as cursor:
    cursor.execute('''
        CREATE TABLE flow_ledger (id bigserial, resource text, task_id text, state text);
        CREATE FUNCTION flow_note() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' OR NEW.state <> OLD.state THEN
                INSERT INTO flow_ledger (resource, task_id, state) VALUES (NEW.resource, NEW.task_id, NEW.state);
            END IF;
            RETURN NULL;
        END $$;
        CREATE TRIGGER flow_note AFTER INSERT OR UPDATE ON syncjobs_syncjob FOR EACH ROW EXECUTE FUNCTION flow_note();
    ''')
people = []
for email in {emails!r}:
    user = User.objects.create_user("of-" + email)
    account = connect(user, email, user_grant("sim-refresh-" + email))
    often = timedelta(seconds=6)
    Account.objects.filter(pk=account.pk).update(interval=often, next_sync_at=in_(often))
    people.append([email, account.pk, tokens.issue(user, "mixture")[1]])
print(json.dumps(people))
"""

QUIET = """
from datetime import timedelta
from mailsync.models import Account
from mailsync.schedule import set_interval
for account in Account.objects.filter(pk__in={accounts!r}):
    set_interval(account, timedelta(days=1))
"""

END = """
import json
from django.db import connection
from syncjobs.models import SyncJob
with connection.cursor() as cursor:
    cursor.execute("SELECT resource, task_id, state FROM flow_ledger ORDER BY id")
    rows = cursor.fetchall()
    cursor.execute("DROP TRIGGER flow_note ON syncjobs_syncjob; DROP FUNCTION flow_note; DROP TABLE flow_ledger")
resources = ["mailbox:%s" % account for account in {accounts!r}]
errors = list(SyncJob.objects.filter(resource__in=resources).values_list("error_code", flat=True))
print(json.dumps([[row for row in rows if row[0] in resources], errors]))
"""


@dataclass(frozen=True)
class Person:
    """Somebody with one mailbox and a token."""

    email: str
    account: int
    token: str


@contextmanager
def nobody_works(product: Product) -> Iterator[None]:
    """All workers stand still; their heartbeats are forgotten at once instead of in 18 s."""
    workers = product.workers()
    product.signal(workers, signal.SIGSTOP)
    try:
        product.manage("shell", "-v", "0", "-c", FORGET_WORKERS)
        yield
    finally:
        product.signal(workers, signal.SIGCONT)


def batches(product: Product, account: int) -> list[int]:
    """What each call fetched, until there is no more."""
    counts: list[int] = []
    for _ in range(MOST_CALLS):
        answer = product.call("POST", "/api/sync/batch", params={"account": account, "batch_size": 100})
        if answer.status_code == 429:
            time.sleep(min(float(answer.headers["Retry-After"]), 60))
            continue
        body = answer.json()
        assert (answer.status_code, body.get("in_progress")) == (200, False), body
        counts.append(body["synced_count"])
        if not body["has_more"]:
            return counts
    raise AssertionError(counts)


@pytest.mark.long
def test_batches_mirror_a_mailbox_exactly_while_all_workers_stand_still(
    product: Product, gmail: Gmail, account: int, mailbox: str
) -> None:
    ids = gmail.ids(mailbox)
    gmail.control("deliver", email=mailbox, count=97)
    big = [{"subject": f"Big {size}", "text": "a line of it\r\n" * size} for size in (90_000, 150_000, 400_000)]
    gmail.control("deliver", email=mailbox, messages=big)
    label = gmail.control("create-label", email=mailbox, name="Travels/Peru")["id"]
    gmail.control("labels", email=mailbox, ids=ids[5:60], add=[label], remove=["UNREAD"])
    gmail.control("trash", email=mailbox, ids=ids[60:80])
    gmail.control("delete", email=mailbox, ids=ids[80:90])

    with nobody_works(product):
        counts = batches(product, account)
        verdict = product.manage("verify_account", mailbox)

    assert sum(counts) == len(gmail.ids(mailbox)) == 690
    assert max(counts) <= 100
    assert "Equal." in verdict
    assert product.held(account) == [gmail.truth(mailbox)]


@pytest.mark.long
def test_a_job_that_nobody_takes_is_done_by_batches_alone(product: Product, gmail: Gmail, account: int) -> None:
    with nobody_works(product):
        task_id = product.start(account).json()["task_id"]
        assert product.job(task_id)["state"] == "CREATED"
        counts = batches(product, account)
        job = product.job(task_id)

    assert (job["state"], job["sync_type"], job["stats"]["added"]) == ("SUCCEEDED", "full", sum(counts))
    jobs = product.call("GET", "/api/jobs/", params={"account": account}).json()["results"]
    assert [each["task_id"] for each in jobs] == [task_id]


class Mixture:
    """People who press whatever they like, in an order that the seed fixes; what they heard is kept."""

    def __init__(self, product: Product, gmail: Gmail, people: list[Person], seed: int) -> None:
        self.product, self.gmail, self.people, self.seed = product, gmail, people, seed
        self.over = threading.Event()
        self.heard: Counter[tuple[str, int]] = Counter()
        self.accepted: set[str] = set()
        self.changes = self.kills = 0

    def run(self) -> None:
        """All at once for a while; what went wrong in a thread is raised here."""
        with ThreadPoolExecutor(PEOPLE * HANDS + 2) as crowd:
            hands = [person for person in self.people for _ in range(HANDS)]
            work = [crowd.submit(self._press, person, number) for number, person in enumerate(hands)]
            work += [crowd.submit(self._change), crowd.submit(self._kill)]
            self.over.wait(MIXED_SECONDS)
            self.over.set()
            for each in work:
                each.result(timeout=60)

    def _press(self, person: Person, number: int) -> None:
        dice = random.Random(self.seed * 100 + number)
        while not self.over.wait(dice.uniform(0.05, 0.6)):
            plan = dice.choices(list(PLANS), list(PLANS.values()))[0]
            options = {"force_full": "true"} if plan == "smart" and dice.random() < 0.3 else {}
            if plan == "batch":
                options["batch_size"] = str(dice.choice((20, 60, 200)))
            method = "GET" if plan == "check" else "POST"
            self._note(plan, self.product.call(method, f"/api/sync/{plan}", token=person.token, params=options))

    def _note(self, plan: str, answer: requests.Response) -> None:
        self.heard[plan, answer.status_code] += 1
        assert answer.status_code in ANSWERS, answer.text
        if task_id := answer.json().get("task_id"):
            self.accepted.add(task_id)

    def _change(self) -> None:
        dice = random.Random(self.seed + 1)
        while not self.over.wait(0.4):
            email = dice.choice(self.people).email
            some = dice.sample(self.gmail.ids(email), 8)
            self.gmail.control("deliver", email=email, count=dice.randint(1, 4))
            self.gmail.control("labels", email=email, ids=some[:5], add=["STARRED"], remove=["UNREAD"])
            self.gmail.control("trash", email=email, ids=some[5:7])
            self.gmail.control("delete", email=email, ids=some[7:])
            self.changes += 1

    def _kill(self) -> None:
        """Now one process of a pool, now a whole worker with all its children."""
        dice = random.Random(self.seed + 2)
        while not self.over.wait(dice.uniform(2.5, 4.5)):
            if found := self.product.processes("celery", " worker ", "interactive@"):
                victim = dice.choice(found)
                with suppress(psutil.NoSuchProcess):
                    self.product.signal([victim, *victim.children(recursive=True)], signal.SIGKILL)
                    self.kills += 1


@pytest.mark.long
def test_all_plans_at_once_while_workers_die_leave_exact_mirrors(product: Product, gmail: Gmail) -> None:
    seed = random.randrange(1_000_000)
    emails = [unused_mailbox() for _ in range(PEOPLE)]
    people = [Person(*each) for each in product.shell(BEGIN.format(emails=emails))]
    accounts = [person.account for person in people]
    mixture = Mixture(product, gmail, people, seed)
    try:
        mixture.run()
        product.manage("shell", "-v", "0", "-c", QUIET.format(accounts=accounts))
        eventually(lambda: not any(active(product, person) for person in people), within=90, every=0.5)
        with ThreadPoolExecutor(PEOPLE) as crowd:
            last = list(crowd.map(lambda person: last_sync(product, person), people))
    finally:
        ledger, errors = product.shell(END.format(accounts=accounts))
    states = at_most_one_active(ledger)
    print(json.dumps({"seed": seed, "jobs": Counter(states.values()), "kills": mixture.kills}), mixture.heard)

    assert set(errors) <= ENDS
    assert mixture.accepted <= set(states)
    assert set(states.values()) <= {"SUCCEEDED", "FAILED"}
    assert [job["state"] for job in last] == ["SUCCEEDED"] * PEOPLE
    assert mixture.kills >= 3 and mixture.changes >= 10
    assert {plan for plan, _ in mixture.heard} == set(PLANS)
    assert product.held(*accounts) == [gmail.truth(email) for email in emails], seed


def active(product: Product, person: Person) -> bool:
    """Whether any job of this person is not final yet."""
    jobs = product.call("GET", "/api/jobs/", token=person.token).json()["results"]
    return any(job["finished_at"] is None for job in jobs)


def last_sync(product: Product, person: Person) -> dict[str, Any]:
    """One more click, waited for."""
    answer = product.call("POST", "/api/sync/smart", token=person.token)
    task_id = answer.json()["task_id"]
    path = f"/api/jobs/{task_id}/"

    def final() -> dict[str, Any] | None:
        job = product.call("GET", path, token=person.token).json()
        return job if job["finished_at"] else None

    found: dict[str, Any] = eventually(final, within=60)
    return found


def at_most_one_active(ledger: list[list[str]]) -> dict[str, str]:
    """The last state of each job; fails where a mailbox had two active ones, or a final one changed again.

    The order of one mailbox's rows is the order of its commits: whoever inserts a second active job waits for the first.
    """
    states: dict[str, str] = {}
    alive: defaultdict[str, set[str]] = defaultdict(set)
    for resource, task_id, state in ledger:
        assert states.get(task_id) in (None, "CREATED", "RUNNING"), (task_id, states[task_id], state)
        states[task_id] = state
        (alive[resource].add if state in ("CREATED", "RUNNING") else alive[resource].discard)(task_id)
        assert len(alive[resource]) <= 1, (resource, alive[resource])
    return states
