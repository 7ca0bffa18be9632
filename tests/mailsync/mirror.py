"""A mirror held against the truth about its mailbox."""

import hashlib
from typing import Any

from mailsync import schedule
from mailsync.messages import raw
from mailsync.models import Account, Label, Listed, Message
from syncjobs import runner
from syncjobs.models import SyncJob
from syncjobs.states import Trigger
from tests.mailsync.simulated import Gmail


def sync(account: Account, *, full: bool = False, slice_seconds: float | None = None) -> SyncJob:
    """One click, worked on by this very process until nothing is due any more."""
    job = schedule.request_sync(account, trigger=Trigger.BUTTON, full=full).job
    found: SyncJob | None = job
    while found is not None and found.is_active:
        found = runner.run(job.pk, "worker", slice_seconds=slice_seconds)
    return SyncJob.objects.get(pk=job.pk)


def held(account: Account) -> dict[str, Any]:
    """What the mirror shows: by id the labels, thread, moment, bytes."""
    rows = Message.objects.filter(account=account, deleted_at=None).select_related("raw")
    return {
        row.gmail_id: (sorted(row.labels), row.thread_id, int(row.internal_date.timestamp() * 1000), digest(row))
        for row in rows
    }


def digest(row: Message) -> str:
    return hashlib.sha256(raw(row) or b"").hexdigest()


def truth(gmail: Gmail) -> dict[str, Any]:
    return {
        each["id"]: (each["labelIds"], each["threadId"], int(each["internalDate"]), each["sha256"])
        for each in gmail.mailbox()["messages"]
    }


def assert_exact(account: Account, gmail: Gmail) -> None:
    assert held(account) == truth(gmail)
    labels = {label.label_id: label.name for label in Label.objects.filter(account=account)}
    assert labels == {label["id"]: label["name"] for label in gmail.mailbox()["labels"]}
    assert not Listed.objects.filter(account=account).exists()
