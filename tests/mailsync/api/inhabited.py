"""A user who has one of everything that the API shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User

from mailsync import schedule, tokens
from mailsync.models import Account, Failure, Message
from syncjobs import lifecycle
from syncjobs.models import SyncJob
from syncjobs.states import Trigger
from tests.mailsync.mirror import sync


@dataclass(frozen=True)
class Ids:
    """What may stand in a path."""

    account: int
    finished: str
    failed: str
    gmail_id: str
    part_id: str
    thread_id: str
    token: int

    def of(self, path: str) -> Mapping[str, Any]:
        """The parameters of a path of the schema."""
        return {
            "id": self.token if "/tokens/" in path else self.account,
            "task_id": self.failed,
            "gmail_id": self.gmail_id,
            "part_id": self.part_id,
            "thread_id": self.thread_id,
        }


def inhabit(account: Account) -> Ids:
    """Mirror the mailbox, fail a job, owe a message, keep a token; no job is active afterwards."""
    finished = sync(account)
    failed = fail(account)
    Failure.objects.create(account=account, gmail_id="18f1c2a3b4d5e6f7", code="transient", reason="503", attempts=2)
    message = Message.objects.filter(account=account, has_attachments=True).order_by("size").first()
    assert message is not None
    token, _ = tokens.issue(User.objects.get(pk=account.owner_id), "spare", None)
    return Ids(
        account.pk,
        finished.task_id,
        failed.task_id,
        message.gmail_id,
        message.attachments[0]["part_id"],
        message.thread_id,
        token.pk,
    )


def fail(account: Account) -> SyncJob:
    """A job that failed, for want of a confirmation."""
    job = schedule.request_sync(account, trigger=Trigger.BUTTON).job
    running = lifecycle.claim(job.pk, "worker")
    assert running is not None
    lifecycle.fail(running, "suddenly_empty", listed=0, mirrored=40)
    return SyncJob.objects.get(pk=job.pk)
