"""A mailbox in bad weather: trouble by rule, changes by script, waits that pass at once."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from gmail import backoff
from gmail.client import GmailClient
from mailsync import schedule
from mailsync.credentials import open_credentials, open_mailbox
from mailsync.models import Account, Failure
from mailsync.sync import engine, fetching
from mailsync.verify import verify
from syncjobs import runner
from syncjobs.models import SyncJob
from syncjobs.states import Trigger
from tests.mailsync.mirror import assert_exact, held
from tests.mailsync.simulated import Gmail

MESSAGES = 14
LABELS = [f"Label_{number}" for number in range(1, 11)]
KEPT = LABELS[:3]  # the others are deleted: each costs a listing in every pass
LEASE = timedelta(seconds=3)  # longer waits are given back, and the clock is turned; silence is borne for half of it
LATER = timedelta(hours=2)
MOST_SLICES = 60


@contextmanager
def impatience() -> Iterator[None]:
    """Pages of a few messages, so that a small mailbox has many calls; pauses of milliseconds."""
    listing, history = GmailClient.list_messages.__kwdefaults__, GmailClient.list_history.__kwdefaults__
    places: list[tuple[Any, str, Any]] = [
        (fetching, "MOST_MESSAGES", 8),
        (fetching, "PARTS", 4),
        (engine, "GLIMPSE", 4),
        (backoff, "FIRST_CEILING", 0.002),
        (backoff, "BLIND_PAUSES", {"concurrency": 0.01, "day": 3600.0}),
        (settings, "SYNC_LEASE", LEASE),
    ]
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in places]
    results = listing["max_results"], history["max_results"]
    for owner, name, value in places:
        setattr(owner, name, value)
    listing["max_results"], history["max_results"] = 5, 3
    try:
        yield
    finally:
        listing["max_results"], history["max_results"] = results
        for owner, name, value in before:
            setattr(owner, name, value)


class Clock:
    """The database's, turned instead of waited for."""

    def __init__(self) -> None:
        self.span = timedelta(0)

    def turn(self, span: timedelta = LATER) -> None:
        self.span += span
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('sync.clock_offset', %s, false)", [f"{self.span.total_seconds()} seconds"])


def pursue(account: Account, clock: Clock, *, full: bool = False) -> SyncJob:
    """One click, then whatever follows of it by itself, until it is over."""
    job = schedule.request_sync(account, trigger=Trigger.BUTTON, full=full).job
    for _ in range(MOST_SLICES):
        found = runner.run(job.pk, "worker")
        if found is not None and not found.is_active:
            return found
        clock.turn()
    raise AssertionError(f"never over: {SyncJob.objects.values().get(pk=job.pk)}")


def what_is_missing_is_owed(account: Account, gmail: Gmail) -> None:
    """Of what Gmail had when the pass ended."""
    owed = set(Failure.objects.filter(account=account).values_list("gmail_id", flat=True))
    missing = set(gmail.ids()) - set(held(account))
    assert missing <= owed, missing - owed


def assert_verified(account: Account, gmail: Gmail) -> None:
    """What `verify_account --all` compares, then the truth that Gmail's answers come from."""
    client = open_mailbox(account, open_credentials(account), lambda *_: None, interactive=True, max_wait=1)
    try:
        found = verify(account, client, sample=None)
    finally:
        client.close()
    assert found.equal, found.as_json()
    assert_exact(account, gmail)
    assert not Failure.objects.filter(account=account).exists()
    account.refresh_from_db()
    assert account.complete_as_of is not None


def live(gmail: Gmail, dice: random.Random) -> None:
    """What a day brings: mail comes, moves, goes; one message comes and goes at once."""
    ids = gmail.ids()
    dice.shuffle(ids)
    gmail.deliver(3)
    gmail.label(ids[:3], add=("STARRED", "Label_1"), remove=("UNREAD", "INBOX"))
    gmail.label(ids[1:4], remove=("STARRED", "Label_1"), add=("Label_2",))
    gmail.trash(ids[4:6])
    gmail.delete(ids[6:8])
    gmail.delete(gmail.deliver(1))
