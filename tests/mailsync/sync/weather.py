"""A mailbox in bad weather: trouble by rule, changes by script, waits that pass at once."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection

from gmail import backoff
from gmail.client import GmailClient
from gmail.quota import Priority
from mailsync import schedule
from mailsync.connect import connect
from mailsync.credentials import open_credentials, open_mailbox, user_grant
from mailsync.models import Account, Body, Failure
from mailsync.sync import asks, engine, fetching
from mailsync.verify import verify
from syncjobs import runner
from syncjobs.models import SyncJob
from syncjobs.states import State, Trigger
from tests.mailsync.mirror import assert_exact, held
from tests.mailsync.simulated import Gmail

Rule = dict[str, Any]
Cue = dict[str, Any]

MESSAGES = 14
PARTS = 4
# Each label costs a listing in every pass; these are not needed for anything here.
SUPERFLUOUS = [f"Label_{number}" for number in range(4, 11)]
SUPERFLUOUS += [f"CATEGORY_{name}" for name in ("FORUMS", "UPDATES", "PROMOTIONS", "SOCIAL")]
SUPERFLUOUS += ["CHAT", "DRAFT", "SENT", "IMPORTANT"]
LEASE = timedelta(seconds=2)  # longer waits are given back, and the clock is turned; silence is borne for half of it
LATER = timedelta(hours=2)
DUE = timedelta(days=8)  # whatever failed may be tried again by then
MOST_SLICES = 80


@contextmanager
def impatience(*, results: int = 5, records: int = 3) -> Iterator[None]:
    """Pages of a few messages, so that a small mailbox has many calls; pauses of milliseconds."""
    listing, history = GmailClient.list_messages.__kwdefaults__, GmailClient.list_history.__kwdefaults__
    places: list[tuple[Any, str, Any]] = [
        (asks, "MOST_MESSAGES", 8),
        (fetching, "PARTS", PARTS),
        (engine, "GLIMPSES", (4,)),
        (backoff, "FIRST_CEILING", 0.002),
        (backoff, "BLIND_PAUSES", {"concurrency": 0.01, "day": 3600.0}),
        (settings, "SYNC_LEASE", LEASE),
    ]
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in places]
    kept = listing["max_results"], history["max_results"]
    for owner, name, value in places:
        setattr(owner, name, value)
    listing["max_results"], history["max_results"] = results, records
    try:
        yield
    finally:
        listing["max_results"], history["max_results"] = kept
        for owner, name, value in before:
            setattr(owner, name, value)


@dataclass
class Weather:
    """One account with its mailbox; the clock is the database's, turned instead of waited for."""

    owner: User
    gmail: Gmail
    policy: Account.Policy = Account.Policy.ARCHIVE
    account: Account = field(init=False)
    later: timedelta = field(default=timedelta(0), init=False)

    def __post_init__(self) -> None:
        self.connect()

    def connect(self) -> None:
        """For the first time, or again."""
        grant = user_grant(f"sim-refresh-{self.gmail.email}")
        self.account = connect(self.owner, self.gmail.email, grant, self.policy)

    def turn(self, span: timedelta = LATER) -> None:
        self.later += span
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('sync.clock_offset', %s, false)", [f"{self.later.total_seconds()} s"])

    def pursue(self, *, full: bool = False) -> SyncJob:
        """One click, then whatever follows of it by itself, until it is over."""
        return self.work(schedule.request_sync(self.account, trigger=Trigger.BUTTON, full=full).job)

    def work(self, job: SyncJob) -> SyncJob:
        """Slice after slice, until it is over."""
        for _ in range(MOST_SLICES):
            found = runner.run(job.pk, "worker")
            if found is not None and not found.is_active:
                return found
            self.turn()
        raise AssertionError(f"never over: {SyncJob.objects.values().get(pk=job.pk)}")

    def backfill(self) -> None:
        """Whatever raw bytes are owed come, without a click."""
        for job in SyncJob.objects.active().filter(resource=self.account.raw_resource):
            assert self.work(job).state == State.SUCCEEDED
        if self.policy != Account.Policy.READABLE:
            assert not Body.objects.filter(account=self.account, message__deleted_at=None).exists()

    def endure(self, rules: list[Rule], cues: list[Cue], *, full: bool = False) -> int:
        """A sync under `rules` and `cues`: it succeeds, and what it could not fetch it owes. How often it was struck."""
        self.gmail.control("script", cues=cues)
        self.gmail.faults(*rules)
        done = self.pursue(full=full)
        for job in SyncJob.objects.active().filter(resource=self.account.raw_resource):
            self.work(job)  # under the same sky
        said = self.gmail.ask("stats")
        self.gmail.faults()
        self.gmail.control("script", cues=[])
        assert done.state == State.SUCCEEDED, (done.error_code, done.error_params, done.traceback)
        struck = sum(rule["struck"] for rule in said["faults"])
        return struck + sum(cue["outcome"] == "done" for cue in said["script"])

    def settle(self) -> None:
        """A sync in fair weather, when every debt is due; then the mirror is equal to the mailbox."""
        self.turn(DUE)
        assert self.pursue().state == State.SUCCEEDED
        self.backfill()
        self.assert_verified()

    def assert_verified(self) -> None:
        """What `verify_account --all` compares, then the truth that Gmail's answers come from."""
        client = open_mailbox(
            self.account,
            open_credentials(self.account),
            lambda *_: None,
            priority=Priority.INTERACTIVE,
            max_wait=1,
            timeout=10,
        )
        try:
            with impatience(results=500):
                found = verify(self.account, client, sample=None)
        finally:
            client.close()
        assert found.equal, found.as_json()
        if self.policy == Account.Policy.READABLE:
            assert set(held(self.account)) == set(self.gmail.ids())
        else:
            assert_exact(self.account, self.gmail)
        assert self.owed() == set()
        self.account.refresh_from_db()
        assert self.account.complete_as_of is not None

    def owed(self) -> set[str]:
        return set(Failure.objects.filter(account=self.account).values_list("gmail_id", flat=True))

    def missing(self) -> set[str]:
        return set(self.gmail.ids()) - set(held(self.account))

    def live(self, dice: random.Random) -> None:
        """What a day brings: mail comes, moves, goes; one message comes and goes at once."""
        ids = self.gmail.ids()
        dice.shuffle(ids)
        self.gmail.deliver(3)
        self.gmail.label(ids[:3], add=("STARRED", "Label_1"), remove=("UNREAD", "INBOX"))
        self.gmail.label(ids[1:4], remove=("STARRED", "Label_1"), add=("Label_2",))
        self.gmail.trash(ids[4:6])
        self.gmail.delete(ids[6:8])
        self.gmail.delete(self.gmail.deliver(1))

    def cue(self, command: str, number: int, method: str = "*", **body: Any) -> Cue:
        before = {"method": method, "number": number, "email": self.gmail.email}
        return {"before": before, "command": command, "body": {"email": self.gmail.email, **body}}


Prepare = Callable[[Weather, random.Random], object]


def nothing(weather: Weather, dice: random.Random) -> None:
    """Before a first sync."""


def changes(weather: Weather, dice: random.Random) -> None:
    """Before a sync by history."""
    weather.live(dice)


def forgotten(weather: Weather, dice: random.Random) -> None:
    """Before a sync that must compare the whole mailbox, because Gmail forgot its history."""
    weather.live(dice)
    weather.gmail.expire_history()


PASSES: dict[str, Prepare] = {"full": nothing, "incremental": changes, "reconcile": forgotten}
