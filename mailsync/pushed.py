"""Turn notifications into passes: one for any number, some seconds apart.

A pass that began after a notification came covers it. So the first one starts a pass; those that come while it runs, or within
`REST` of the end of a pass that a notification started, owe one more, which a tick begins.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest

from mailsync import schedule
from mailsync.models import Account, Pushed
from mailsync.sync.scopes import INCREMENTAL, wider
from syncjobs import lifecycle
from syncjobs.clock import SyncNow, in_
from syncjobs.models import SyncJob
from syncjobs.states import State, Trigger

REST = timedelta(seconds=5)
NUDGE = timedelta(seconds=2)  # how often a run is asked at most to look for news in between
LOOK_AGAIN = timedelta(seconds=60)  # at a run whose end would tell us
MOST_DUE = 200  # accounts that one tick takes


def hear(email: str, most: int) -> int:
    """Take note of a notification for each mirror of a mailbox, `most` of them. Returns how many mirrors there are."""
    mirrors = Account.objects.scheduled().filter(email=email).order_by("pk")
    covered = Q(pushed__due_at__isnull=False, pushed__heard_at__gt=in_(-NUDGE))
    found = list(mirrors.values_list("pk", covered)[:most])
    for pk, is_covered in found:
        if not is_covered:
            _begin(pk, heard=True)
    return len(found)


def tick() -> int:
    """Begin what is owed. Returns how many accounts it looked at; any number may run at once."""
    due = Pushed.objects.filter(due_at__lte=SyncNow()).order_by("due_at")
    return sum(_begin(pk, heard=False) for pk in list(due.values_list("pk", flat=True)[:MOST_DUE]))


def ended(job: SyncJob, account: Account) -> None:
    """Called inside the transaction that ends a job, which holds the account's row: what is owed can begin, after a rest."""
    mine = Pushed.objects.filter(account=account)
    if job.trigger == Trigger.PUSH:
        mine.update(rest_until=in_(REST))
    mine.filter(due_at__isnull=False).update(due_at=Greatest(SyncNow(), F("rest_until")))


def _begin(pk: int, *, heard: bool) -> bool:
    """Begin a pass, or owe one. The account's row is locked, so no run ends and no other begins meanwhile."""
    with transaction.atomic(durable=True):
        rows = Account.objects.select_for_update(no_key=True, skip_locked=not heard)
        account = rows.filter(pk=pk).first()
        if account is None:
            return False  # erased since; or somebody is at it, and the next tick will see
        if heard:
            Pushed.objects.update_or_create(account=account, defaults={"heard_at": SyncNow()})
        elif not Pushed.objects.filter(pk=pk, due_at__lte=SyncNow()).exists():
            return False  # another tick was faster
        Pushed.objects.filter(pk=pk).update(due_at=_owed(account))
    return True


def _owed(account: Account) -> object:
    """When a pass is to begin; None when one does, or this account rests."""
    if not Account.objects.scheduled().filter(pk=account.pk).exists():
        return None
    job = SyncJob.objects.active().filter(resource=account.resource).first()
    asked = schedule.asked_by_push(account)
    if job is None:
        if rest := Pushed.objects.filter(pk=account.pk, rest_until__gt=SyncNow()).values_list("rest_until", flat=True):
            return rest[0]
    elif job.state == State.RUNNING and not _is_silent(job):
        # What looks at history alone is not told: it would look again before it ends, and again, as long as notifications come.
        long = job.mode != INCREMENTAL and wider(job.scope, asked.scope) == job.scope
        if long and job.cancel_requested_at is None:
            lifecycle.request(asked)  # adopts it: a long pass looks for what is new before its next page
        return in_(LOOK_AGAIN)
    lifecycle.request(asked)
    return None


def _is_silent(job: SyncJob) -> bool:
    return SyncJob.objects.filter(pk=job.pk).silent_for(settings.SYNC_STALE_AFTER).exists()
