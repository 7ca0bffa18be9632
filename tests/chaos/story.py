"""One small mailbox, synced in full, then by its changes: what is done, and what must be true when all is over."""

import base64
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Thread
from typing import Any

import redis
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, connections
from django.db.models import Sum

from gmail.client import GmailClient
from mailsync import schedule
from mailsync.connect import connect
from mailsync.credentials import user_grant
from mailsync.models import Account, Certificate, Change, Failure, Label, Listed, Message, RawMessage, Usage
from mailsync.sync import asks, engine, fetching
from syncjobs import context, maintenance, progress, runner
from syncjobs.models import SyncJob
from syncjobs.states import State, Trigger
from tests.chaos.cuts import Scissors
from tests.mailsync.mirror import held, truth
from tests.mailsync.simulated import Gmail

PAGE, BATCH, LISTED = 10, 5, 15
BIG = 1_100_000  # bytes: above this mail is streamed
MESSAGES = 24  # and a big one
MOST_ROUNDS = 8
UNHEARD = 5  # units at most that are paid for a call which never comes to Gmail, since its token does not come


@contextmanager
def small_pages() -> Iterator[None]:
    """Each stage of a pass happens with a few messages, and each snapshot is sent: a run is the same whenever it is run."""
    listing = GmailClient.list_messages.__kwdefaults__
    places: list[tuple[Any, str, Any]] = [
        (asks, "MOST_MESSAGES", PAGE),
        (fetching, "PARTS", BATCH),
        (fetching, "MOST_SECONDS", 60.0),
        (engine, "GLIMPSES", (PAGE,)),
        (context, "PUBLISH_SECONDS", 0.0),
        (progress, "SEND_SECONDS", 10.0),
    ]
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in places]
    results = listing["max_results"]
    for owner, name, value in places:
        setattr(owner, name, value)
    listing["max_results"] = LISTED
    try:
        yield
    finally:
        listing["max_results"] = results
        for owner, name, value in before:
            setattr(owner, name, value)


@dataclass
class Story:
    """A click, the job that comes of it, what changes at Gmail meanwhile."""

    account: Account
    gmail: Gmail
    answers: int = 0
    last_job: int = 0
    last_change: int = 0
    units: int = 0

    midway: int = field(default=0, init=False)  # so many answers of Gmail pass before the mailbox changes

    def begin(self) -> None:
        """Note what was before."""
        rung()
        self.gmail.control("reset-stats")
        self.last_job = _newest(SyncJob.objects.filter(resource=self.account.resource))
        self.last_change = _newest(Change.objects.filter(account=self.account))
        self.units = self._spent()

    def work(self) -> None:
        """A person clicks; a worker hears the bell."""
        schedule.request_sync(self.account, trigger=Trigger.BUTTON)
        for job_id in rung():
            runner.run(job_id, "the first worker")

    def recover(self) -> None:
        """What happens by itself afterwards: leases run out, the sweeper rings, workers come. A lost click is made again."""
        for number in range(1, MOST_ROUNDS):
            if self.jobs().filter(state=State.SUCCEEDED).exists():
                return
            turn((settings.SYNC_LEASE + timedelta(seconds=30)) * number)
            if not self.jobs().exists():
                schedule.request_sync(self.account, trigger=Trigger.BUTTON)
            maintenance.sweep()
            maintenance.wake()
            for job_id in rung():
                runner.run(job_id, f"worker {number}")

    def answered(self) -> None:
        """Gmail answered once more; after some answers the mailbox changes, once."""
        self.answers += 1
        if self.answers == self.midway:
            elsewhere(self.change)

    def change(self) -> None:
        """What happens at Gmail in the middle of the run."""

    def truncate(self) -> None:
        """Gmail's next answer will end in the middle."""
        self.gmail.faults({"fault": "truncate", "match": {"method": "*"}, "times": 1})

    def small(self) -> list[str]:
        """The ids of the mailbox but the big ones, newest first."""
        return [each["id"] for each in self.gmail.mailbox()["messages"] if each["sizeEstimate"] < BIG]

    def jobs(self) -> Any:
        """The jobs of this story."""
        return SyncJob.objects.filter(resource=self.account.resource, pk__gt=self.last_job)

    def flaws(self) -> list[str]:
        """What is wrong after all is over, each in a few words; empty when nothing is."""
        return [*self._flaws_of_the_mirror(), *self._flaws_of_the_job(), *self._flaws_of_the_log()]

    def _flaws_of_the_mirror(self) -> Iterator[str]:
        account, there = self.account, truth(self.gmail)
        here = held(account)
        if here != there:
            differ = [id_ for id_ in here.keys() | there.keys() if here.get(id_) != there.get(id_)]
            yield f"mail differs: {sorted(differ)}"
        names = {label["id"]: label["name"] for label in self.gmail.mailbox()["labels"]}
        if names != dict(Label.objects.filter(account=account).values_list("label_id", "name")):
            yield "labels differ"
        if Listed.objects.filter(account=account).exists():
            yield "stubs are left"
        if Failure.objects.filter(account=account).exists():
            yield "something is owed"
        if RawMessage.objects.filter(message__account=account).count() != len(here) + _deleted(account):
            yield "mail without its bytes"

    def _flaws_of_the_job(self) -> Iterator[str]:
        jobs = list(self.jobs())
        if [job.state for job in jobs] != [State.SUCCEEDED]:
            yield f"jobs: {[(job.state, job.phase, job.error_code) for job in jobs]}"
            return
        stats, events = jobs[0].stats, Counter(jobs[0].events.values_list("code", flat=True))
        added = self._changes().filter(kind=Change.Kind.ADDED)
        rows = Message.objects.filter(account=self.account, gmail_id__in=added.values("gmail_id"))
        if not stats["added"] == rows.count() == added.count():
            yield f"added {stats['added']}, rows {rows.count()}, log {added.count()}"
        size = rows.aggregate(bytes=Sum("raw__size"))["bytes"] or 0
        if stats["bytes"] != size:
            yield f"bytes {stats['bytes']}, held {size}"
        if not stats["units"] <= self._spent() - self.units <= self.gmail.units() + UNHEARD:
            yield f"units {stats['units']}, ledger {self._spent() - self.units}, Gmail {self.gmail.units()}"
        if events["created"] != 1 or events["done"] != 1:
            yield f"events {events}"
        gets = self.gmail.gets()
        if sum(gets.values()) - len(gets) > PAGE:
            yield f"fetched again: {[id_ for id_, times in gets.items() if times > 1]}"

    def _flaws_of_the_log(self) -> Iterator[str]:
        account = self.account
        labels: dict[str, set[str]] = {}
        deleted: set[str] = set()
        for line in Change.objects.filter(account=account).order_by("id"):
            if line.kind == Change.Kind.ADDED and line.gmail_id in labels:
                yield f"added twice: {line.gmail_id}"
            if line.kind == Change.Kind.DELETED and line.gmail_id in deleted:
                yield f"deleted twice: {line.gmail_id}"
            (deleted.add if line.kind == Change.Kind.DELETED else deleted.discard)(line.gmail_id)
            before = labels.get(line.gmail_id, set())
            labels[line.gmail_id] = (before | set(line.labels_added)) - set(line.labels_removed)
        rows = Message.objects.filter(account=account).values_list("gmail_id", "labels", "deleted_at")
        if {id_: (set(names), gone is not None) for id_, names, gone in rows} != {
            id_: (names, id_ in deleted) for id_, names in labels.items()
        }:
            yield "the change log does not lead to the mirror"
        proof = Certificate.objects.filter(account=account).order_by("-id").first()
        if proof is None or proof.missing_count:
            yield "no certificate"
        if Account.objects.get(pk=account.pk).complete_as_of is None:
            yield "not complete"

    def _changes(self) -> Any:
        return Change.objects.filter(account=self.account, pk__gt=self.last_change)

    def _spent(self) -> int:
        return Usage.objects.filter(account=self.account).aggregate(sum=Sum("units"))["sum"] or 0


class Full(Story):
    """The first sync. Meanwhile one message arrives, one that is listed goes, stars change on some that are held."""

    midway = 6

    def begin(self) -> None:
        number = User.objects.count()
        owner = User.objects.create(username=f"owner{number}")
        grant = user_grant(f"sim-refresh-{self.gmail.email}")
        self.account = connect(owner, self.gmail.email, grant, Account.Policy.ARCHIVE)
        super().begin()

    def change(self) -> None:
        small = self.small()
        star(self.gmail, small[:2])
        replace(self.gmail, small[LISTED - 3 : LISTED - 2])


class Incremental(Story):
    """Mail came, went, was labelled, a label was renamed. Meanwhile a push tells of more: a further pass follows."""

    midway = 1

    def begin(self) -> None:
        small = self.small()
        star(self.gmail, small[2:5])
        replace(self.gmail, small[-4:])
        Label.objects.filter(account=self.account, label_id="STARRED").update(name="Its name before")
        super().begin()

    def change(self) -> None:
        replace(self.gmail, self.small()[-1:])
        schedule.request_sync(self.account, trigger=Trigger.PUSH)


def star(gmail: Gmail, ids: list[str]) -> None:
    """From now on these messages are starred, and no others."""
    starred = {each["id"] for each in gmail.mailbox()["messages"] if "STARRED" in each["labelIds"]}
    gmail.label(sorted(starred - set(ids)), remove=("STARRED",))
    gmail.label(ids, add=("STARRED",))


def replace(gmail: Gmail, ids: list[str]) -> None:
    """Delete these messages; new ones arrive with their labels, so that each label's listing stays as long as it is."""
    labels = {each["id"]: each["labelIds"] for each in gmail.mailbox()["messages"]}
    gmail.deliver(messages=[{"labelIds": labels[id_]} for id_ in ids])
    gmail.delete(ids)


def rung() -> list[int]:
    """The jobs that the doorbell rang for since the last look: their messages, taken out of the broker's queue."""
    client = redis.Redis.from_url(settings.CELERY_BROKER_URL)
    try:
        found = []
        while letter := client.rpop("interactive"):
            (job_id,), *_ = json.loads(base64.b64decode(json.loads(letter)["body"]))
            found.append(job_id)
        return found
    finally:
        client.close()


def turn(span: timedelta) -> None:
    """For this connection it is that much later than it is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('sync.clock_offset', %s, false)", [f"{span.total_seconds()} seconds"])


def elsewhere(call: Callable[[], None]) -> None:
    """Do it in a thread of its own, under nobody's scissors."""

    def perform() -> None:
        try:
            call()
        finally:
            connections.close_all()

    thread = Thread(target=perform)
    thread.start()
    thread.join(30)


def scissors(story: Story, **more: Any) -> Scissors:
    """Scissors that tell the story of Gmail's answers."""
    return Scissors(answered=story.answered, truncate=story.truncate, **more)


def _newest(rows: Any) -> int:
    return rows.order_by("-pk").values_list("pk", flat=True).first() or 0


def _deleted(account: Account) -> int:
    return Message.objects.filter(account=account, deleted_at__isnull=False).count()
