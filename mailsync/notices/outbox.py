"""Write down what is to be told, in the transaction of what happened."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from mailsync.models import Account, Event, Notice, NoticeChoice
from mailsync.notices.edges import edge
from syncjobs.clock import in_
from syncjobs.models import SyncJob
from syncjobs.states import State

TEST = "test"
MOST_WAITING = 500  # of one user: whoever has more undelivered ones has a way that does not work
KEEP = timedelta(days=30)


def ended(account: Account, state: State, code: str, job: SyncJob) -> None:
    """A job came to its end; the caller holds the lock of the account's row, so two jobs cannot both be the first."""
    trouble, event = edge(account.trouble, state, code)
    if event is None:
        return
    number = account.troubles + 1
    Account.objects.filter(pk=account.pk).update(trouble=trouble, troubles=number)
    facts = {"task_id": job.task_id, "kind": job.kind}
    if state is State.FAILED:
        facts |= {"code": code, "params": job.error_params}
    happened(account, event, str(number), **facts)


def happened(account: Account, event: Event, key: str, **facts: Any) -> int:
    """Have the owner told, by the ways that he chose; `key` names this happening among the account's. How many ways."""
    choice = choice_of(account.owner)
    if event not in choice.events:
        return 0
    return _write(choice, account, event, f"{account.pk}:{event}:{key}", {"email": account.email, **facts})


def try_out(user: User) -> int:
    """Try every way that the user chose, at most once a minute; how many."""
    return _write(choice_of(user), None, TEST, f"user {user.pk}:{TEST}:{timezone.now():%Y-%m-%dT%H:%M}", {})


def choice_of(user: User) -> NoticeChoice:
    """What this user wants to hear, where."""
    return NoticeChoice.objects.filter(user=user.pk).first() or NoticeChoice(user=user)


def ways_of(choice: NoticeChoice) -> list[Notice.Way]:
    """The ways that are open: an address to write to, a URL in an installation that can sign."""
    if not choice.user.is_active:
        return []
    mail = [Notice.Way.MAIL] if choice.mail and choice.user.email else []
    return mail + ([Notice.Way.WEBHOOK] if choice.webhook_url and settings.WEBHOOK_SECRET else [])


def prune() -> int:
    """Delete what was told, or could not be, a month ago. Returns how many went."""
    return Notice.objects.filter(at__lt=in_(-KEEP)).delete()[0]


def _write(choice: NoticeChoice, account: Account | None, event: str, key: str, facts: dict[str, Any]) -> int:
    waiting = Notice.objects.filter(user=choice.user, delivered_at=None, given_up_at=None)
    ways = ways_of(choice) if waiting.count() < MOST_WAITING else []
    rows = [
        Notice(user=choice.user, account=account, event=event, way=way, dedupe_key=f"{key}:{way}", facts=facts)
        for way in ways
    ]
    before = Notice.objects.filter(dedupe_key__in=[row.dedupe_key for row in rows]).count()
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows) - before
