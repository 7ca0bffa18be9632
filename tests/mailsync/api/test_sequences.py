"""Whatever three people do in whatever order, with workers and ticks in between: the promises of jobs hold."""

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from mailsync import erase, schedule
from mailsync.connect import connect
from mailsync.credentials import user_grant
from mailsync.models import Account
from syncjobs import runner
from syncjobs.models import SyncJob
from syncjobs.serializers import job_json
from syncjobs.states import FINAL, State
from tests.mailsync.simulated import Gmail, Simulator

SEEDS = (1, 2)
STEPS = 80
TO_FINISH = 60  # slices that the workers may need in the end
SLICE = 0.05  # seconds: a sync takes several, so that calls fall between them
PEOPLE = {"anna": 2, "bob": 1, "carol": 1}  # with so many mailboxes

STARTS = [
    ("POST", "/api/sync/smart?account={account}"),
    ("POST", "/api/sync/smart?force_full=true&account={account}"),
    ("POST", "/api/sync/simple?account={account}"),
    ("POST", "/api/sync/today?account={account}"),
    ("POST", "/api/sync/week?account={account}"),
    ("POST", "/api/sync/batch?batch_size=3&account={account}"),
    ("POST", "/api/accounts/{account}/failures/retry/"),
    ("POST", "/api/jobs/{job}/retry/"),
]
OTHERS = [
    ("POST", "/api/jobs/{job}/cancel/"),
    ("POST", "/api/accounts/{account}/pause/"),
    *[("POST", "/api/accounts/{account}/resume/")] * 4,  # oftener than pause, lest all mailboxes come to rest
    ("PATCH", "/api/accounts/{account}/"),
    ("DELETE", "/api/accounts/{account}/?mirror={mirror}"),
    ("POST", "/api/tokens/"),
    ("GET", "/api/accounts/"),
    ("GET", "/api/sync/status"),
    ("GET", "/api/sync/check?account={account}"),
    ("GET", "/api/jobs/"),
    ("GET", "/api/jobs/{job}/"),
    ("GET", "/api/jobs/{job}/events/"),
    ("GET", "/api/messages/?q=in:anywhere"),
    ("GET", "/api/labels/"),
]
BODIES = {"PATCH": {"interval_seconds": 600}, "POST": {}}


@dataclass
class World:
    """Three people, their mailboxes, what was seen of each job so far."""

    chance: random.Random
    gmails: dict[str, list[Gmail]]
    browsers: dict[str, Client] = field(default_factory=dict)
    seen: dict[str, dict[str, Any]] = field(default_factory=dict)
    did: list[str] = field(default_factory=list)
    heard: Counter[int] = field(default_factory=Counter)

    def step(self) -> None:
        """One call, one slice of a worker, one tick, one new mail, or a reconnection."""
        self.chance.choices([self.call, self.work, self.tick, self.deliver, self.reconnect], [10, 5, 1, 1, 3])[0]()
        self.look()

    def call(self) -> None:
        name = self.chance.choice(list(self.browsers))
        verb, path = self.chance.choice(STARTS if self.chance.random() < 0.6 else OTHERS)
        address = path.format(
            account=self.some_account(name), job=self.some_job(name), mirror=self.chance.choice(["keep", "erase"])
        )
        answer = self.browsers[name].generic(
            verb, address, json.dumps(BODIES.get(verb, {})), content_type="application/json"
        )
        self.did.append(f"{name} {verb} {address} {answer.status_code}")
        self.heard[answer.status_code] += 1
        body = answer.json()
        assert answer.status_code < 500 or body["code"] == "gmail_unavailable", body
        self.keeps_to_itself(name, address, answer.status_code, body)

    def keeps_to_itself(self, name: str, address: str, status: int, body: dict[str, Any]) -> None:
        """A person hears of his own jobs only."""
        shown = [body.get("job") or {}, *(body.get("results") or [])] if address.startswith("/api/") else []
        ids = {each["task_id"] for each in [*shown, body] if "task_id" in each}
        owners = set(SyncJob.objects.filter(task_id__in=ids).values_list("owner__username", flat=True))
        assert owners <= {name}, (address, owners)
        if status == 202 and body.get("created") and address.startswith("/api/sync/smart"):
            assert body["job"]["state"] == State.CREATED and body["job"]["progress_percentage"] == 0

    def some_account(self, name: str) -> int:
        """Mostly one of his own."""
        everybody = Account.objects.order_by("pk")
        own = everybody.filter(owner__username=name) if self.chance.random() < 0.8 else everybody
        return self.chance.choice([*own.values_list("pk", flat=True)] or [0])

    def some_job(self, name: str) -> str:
        """Mostly one of his own newest."""
        everybody = SyncJob.objects.order_by("-pk")
        own = everybody.filter(owner__username=name) if self.chance.random() < 0.8 else everybody
        return self.chance.choice([*own.values_list("task_id", flat=True)[:3]] or ["sync_0"])

    def work(self) -> None:
        jobs = list(SyncJob.objects.active().order_by("pk"))
        if jobs:
            job = self.chance.choice(jobs)
            self.did.append(f"worker takes {job.task_id}")
            runner.run(job.pk, "worker", slice_seconds=SLICE)

    def tick(self) -> None:
        self.did.append("tick")
        schedule.tick()
        erase.tick()

    def deliver(self) -> None:
        gmail = self.chance.choice([box for boxes in self.gmails.values() for box in boxes])
        gmail.deliver(2)

    def reconnect(self) -> None:
        name = self.chance.choice(list(self.gmails))
        gmail = self.chance.choice(self.gmails[name])
        self.did.append(f"{name} connects {gmail.email}")
        connect(User.objects.get(username=name), gmail.email, user_grant(f"sim-refresh-{gmail.email}"))

    def look(self) -> None:
        """At most one active job per mailbox; each job only goes forward."""
        active = Counter(SyncJob.objects.active().values_list("resource", flat=True))
        assert all(count == 1 for count in active.values()), active
        for job in map(job_json, SyncJob.objects.all()):
            goes_forward(self.seen.get(job["task_id"]), job)
            self.seen[job["task_id"]] = job
        for each in self.chance.choice(list(self.browsers.values())).get("/api/sync/status").json()["accounts"]:
            newest = self.seen.get(each["task_id"] or "", {}).get("state")
            assert each["is_syncing"] == (newest == State.RUNNING), each

    def settle(self) -> None:
        """Workers only: every job becomes final."""
        for _ in range(TO_FINISH):
            jobs = list(SyncJob.objects.active())
            if not jobs:
                return
            for job in jobs:
                runner.run(job.pk, "worker")
            self.look()
        raise AssertionError([(job.task_id, job.state, job.phase) for job in SyncJob.objects.active()])


def goes_forward(before: dict[str, Any] | None, now: dict[str, Any]) -> None:
    """The revision grows with every change, progress never falls, 100 is success, what is final stays."""
    assert (now["progress_percentage"] == 100) == (now["state"] == State.SUCCEEDED), now
    assert (now["finished_at"] is not None) == (now["state"] in FINAL), now
    if before is None:
        return
    assert now["progress_percentage"] >= before["progress_percentage"], (before, now)
    assert now["revision"] >= before["revision"], (before, now)
    if now["revision"] == before["revision"]:
        assert now["state"] == before["state"] and now["progress_percentage"] == before["progress_percentage"]
    if before["state"] in FINAL:
        assert now == before


@pytest.fixture
def boxes(simulator: Simulator, gmail: Gmail, request: pytest.FixtureRequest) -> Callable[[int], list[Gmail]]:
    """Mailboxes that no other test uses."""
    return lambda count: [simulator.mailbox(request.node.nodeid) for _ in range(count)]


@pytest.mark.parametrize("seed", SEEDS)
def test_in_whatever_order_the_promises_hold(
    seed: int, boxes: Callable[[int], list[Gmail]], transactional_db: None, settings: Any
) -> None:
    settings.API_THROTTLES = {}
    world = World(random.Random(seed), {name: boxes(count) for name, count in PEOPLE.items()})
    for name, gmails in world.gmails.items():
        person = User.objects.create_user(name)
        world.browsers[name] = Client()
        world.browsers[name].force_login(person)
        for gmail in gmails:
            connect(person, gmail.email, user_grant(f"sim-refresh-{gmail.email}"))
    try:
        for _ in range(STEPS):
            world.step()
        world.settle()
    except AssertionError:
        print(f"seed {seed}", *world.did, sep="\n")
        raise
    print(f"seed {seed}: {len(world.did)} steps, {len(world.seen)} jobs, answers {dict(world.heard)}")
    assert State.SUCCEEDED in {job["state"] for job in world.seen.values()} and len(world.seen) > 2
