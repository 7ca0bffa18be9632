"""Decide when a mailbox is synced: at once on request, by the clock when it is due."""

import logging
import math
import zlib
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from django.db import InterfaceError, OperationalError, transaction

from mailsync import reconcile, watch
from mailsync.models import Account, Body, Checkpoint
from mailsync.sync.scopes import BACKFILL, FULL, INCREMENTAL, RECONCILE
from syncjobs import lifecycle
from syncjobs.admission import Scope
from syncjobs.clock import SyncNow
from syncjobs.errors import AlreadyFinished, NotRetryable
from syncjobs.lifecycle import Answer, Asked
from syncjobs.models import SyncJob
from syncjobs.states import Queue, Trigger

log = logging.getLogger(__name__)

MOST_DUE = 200  # accounts that one tick takes
KIND, RAW_KIND = "mailbox", "backfill"


class Paused(NotRetryable):
    """This account rests until it is resumed."""

    code = "paused"


class ReconnectNeeded(NotRetryable):
    """The grant of this account is known to be dead."""

    code = "reconnect_needed"


class Disconnected(ReconnectNeeded):
    """Its owner disconnected this account."""


class AccountGone(ReconnectNeeded):
    """The account is no longer here."""

    code = "account_gone"


def request_sync(account: Account, *, trigger: Trigger, full: bool = False) -> Answer:
    """Start a sync of this mailbox or adopt the active one. Raises Paused, ReconnectNeeded.

    The account's row is locked: two clicks are answered one after the other, and the second finds the job of the first.
    """
    return request_scope(account, None if not full else Scope(FULL), trigger=trigger)


def request_scope(
    account: Account, scope: Scope | None, *, trigger: Trigger, ring: bool = True, again: bool = False
) -> Answer:
    """The same for a scope of one's own; `ring=False` when the caller claims the job at once.

    `again` asks for a pass that begins after now, as a push does: what it is about may be newer than what a run has seen.

    None means whatever is due: the first sync is full, a later one incremental.
    """
    with transaction.atomic(durable=True):
        locked = _locked(account.pk)
        if locked is None:  # erased since the caller saw it
            raise AccountGone(account.email)
        must_be_able(locked)
        answer = lifecycle.request(_asked(locked, scope or due_scope(locked), trigger, ring=ring, again=again))
        message = "sync_started" if answer.created else "sync_adopted"
        Account.objects.filter(pk=locked.pk).update(
            last_sync_attempt=SyncNow(), sync_message_code=message, sync_message_params={}
        )
    return Answer(SyncJob.objects.get(pk=answer.job.pk), answer.created)


def restart(job: SyncJob, trigger: str) -> Answer:
    """Start anew what a failed or cancelled job was for, from the mailbox's checkpoint; an active job is adopted."""
    account = Account.objects.filter(pk=job.facts["account"]).first()
    if account is None:
        raise AccountGone(job.title)
    return request_scope(account, job.scope, trigger=Trigger(trigger))


def request_backfill(account: Account, *, trigger: Trigger) -> Answer | None:
    """A job for the raw bytes that are owed, beside all others; None where nothing is owed, or the account rests.

    Call it inside a transaction that holds the account's row.
    """
    able = account.state == Account.State.OK and account.paused_at is None and account.wants_raw
    if not able or not Body.objects.owed(account).exists():
        return None
    asked = _asked(account, Scope(BACKFILL), trigger, queue=Queue.SCHEDULED)
    return lifecycle.request(replace(asked, kind=RAW_KIND, resource=account.raw_resource))


def restart_backfill(job: SyncJob, trigger: str) -> Answer:
    """Start anew what a failed or cancelled job was for. Raises Paused, ReconnectNeeded, NotRetryable."""
    with transaction.atomic(durable=True):
        account = _locked(job.facts["account"])
        if account is None:
            raise AccountGone(job.title)
        must_be_able(account)
        answer = request_backfill(account, trigger=Trigger(trigger))
    if answer is None:
        raise NotRetryable
    return Answer(SyncJob.objects.get(pk=answer.job.pk), answer.created)


def asked_by_push(account: Account) -> Asked:
    """What a notification asks for. It must not have been seen by a run: then it needs no pass that begins after now."""
    return replace(_asked(account, due_scope(account), Trigger.PUSH), again=False)


def due_scope(account: Account) -> Scope:
    """Full until the mailbox was mirrored once, incremental from then on."""
    done = Checkpoint.objects.filter(account=account, history_id__isnull=False, position={}).exists()
    return Scope(INCREMENTAL if done else FULL)


def tick() -> int:
    """Start what is due, each account once however many windows it missed. Returns how many it started.

    Any number may run at once: whoever finds an account locked leaves it to the other, and its next time moves with the job.
    An account that cannot be started disturbs nobody else.
    """
    due = list(Account.objects.due().order_by("next_sync_at").values_list("pk", flat=True)[:MOST_DUE])
    return sum(_start_by_clock(pk) for pk in due)


def set_interval(account: Account, interval: timedelta) -> None:
    """Sync this often from now on."""
    Account.objects.filter(pk=account.pk).update(
        interval=interval, next_sync_at=SyncNow() + phase(account.pk, interval)
    )


def set_policies(account: Account, *, by: str, trigger: Trigger, **policies: str) -> None:
    """Mirror as much as this from now on: what is owed then is fetched once nobody needs the quota, what is not no longer."""
    with transaction.atomic(durable=True):
        locked = _locked(account.pk)
        if locked is None:  # erased since the caller saw it
            return
        Account.objects.filter(pk=locked.pk).update(**policies)
        locked.refresh_from_db(fields=list(policies))
        if not locked.wants_raw:
            _cancel(locked.raw_resource, by=by)
        request_backfill(locked, trigger=trigger)


def pause(account: Account, *, by: str) -> None:
    """Rest: cancel what is active, start nothing until resumed."""
    Account.objects.filter(pk=account.pk, paused_at=None).update(paused_at=SyncNow())
    watch.look_again(account.email)
    _cancel(account.resource, account.raw_resource, by=by)


def _locked(pk: int) -> Account | None:
    """The account, nobody else's until the transaction ends: two starts of one mailbox come one after the other."""
    return Account.objects.select_for_update(no_key=True).filter(pk=pk).first()


def _cancel(*resources: str, by: str) -> None:
    for job in SyncJob.objects.active().filter(resource__in=resources):
        with suppress(AlreadyFinished):  # it ended in between
            lifecycle.cancel(job, by=by)


def resume(account: Account) -> None:
    """Go on by the clock, from where the mailbox stands."""
    Account.objects.filter(pk=account.pk).exclude(paused_at=None).update(
        paused_at=None, next_sync_at=SyncNow() + phase(account.pk, account.interval)
    )
    watch.look_again(account.email)


def phase(account_id: int, interval: timedelta) -> timedelta:
    """A fixed share of the interval per account, so that they do not all come at the full hour."""
    return interval * ((zlib.crc32(str(account_id).encode()) % 1000 + 1) / 1000)


def windows_missed(late: timedelta, interval: timedelta) -> int:
    """How many whole intervals lead from a missed moment to the next one in the future; at least one."""
    return max(math.floor(late / interval) + 1, 1)


def _start_by_clock(pk: int) -> bool:
    with transaction.atomic(durable=True):
        account = Account.objects.due().select_for_update(no_key=True, skip_locked=True).filter(pk=pk).first()
        if account is None:
            return False
        _move_to_next_window(account)
        try:
            with transaction.atomic():
                lifecycle.request(_asked(account, _clock_scope(account), Trigger.CLOCK, queue=Queue.SCHEDULED))
        except (OperationalError, InterfaceError):
            raise
        except Exception:  # a bug: this account waits for its next window, the others need not
            log.exception("account %s cannot be started by the clock", pk)
            return False
    return True


def _clock_scope(account: Account) -> Scope:
    scope = due_scope(account)
    return Scope(RECONCILE) if scope.mode == INCREMENTAL and reconcile.is_due(account) else scope


def _move_to_next_window(account: Account) -> None:
    now = Account.objects.filter(pk=account.pk).values_list(SyncNow(), flat=True).get()
    missed = windows_missed(now - (account.next_sync_at or now), account.interval)
    Account.objects.filter(pk=account.pk).update(next_sync_at=(account.next_sync_at or now) + missed * account.interval)


def _asked(
    account: Account,
    scope: Scope,
    trigger: Trigger,
    *,
    queue: Queue = Queue.INTERACTIVE,
    ring: bool = True,
    again: bool = False,
) -> Asked:
    return Asked(
        kind=KIND,
        owner_id=account.owner_id,
        resource=account.resource,
        title=account.email,
        facts={"account": account.pk, "email": account.email},
        scope=scope,
        trigger=trigger,
        queue=queue,
        ring=ring,
        again=again or trigger is Trigger.PUSH,
    )


def must_be_able(account: Account) -> None:
    """Raises Paused (also for one whose owner is deactivated), ReconnectNeeded (of which Disconnected is one)."""
    if account.paused_at is not None or not account.owner.is_active:
        raise Paused(account.email)
    if account.state == Account.State.DISCONNECTED:
        raise Disconnected(account.email)
    if account.state == Account.State.RECONNECT:
        raise ReconnectNeeded(account.email)
