"""Have Gmail tell us of changes: watch every mailbox that the clock may sync, renew daily, stop when nobody needs it.

A watch belongs to the Google identity. Its state is one row (`Watch`), due whenever something about it may have changed; the
history id that Gmail answers with is not used, since it says nothing of what is mirrored.
"""

import logging
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.signals import post_delete, pre_delete
from django.dispatch import receiver
from google.auth.credentials import Credentials

from gmail.client import GmailClient
from gmail.errors import GmailError, GrantRevoked, NotFound, RateLimited, Refused, Transient
from gmail.quota import Priority
from mailsync.credentials import open_credentials, open_loose, open_mailbox
from mailsync.encryption import Undecryptable
from mailsync.models import Account, Event, Watch
from mailsync.notices import outbox
from mailsync.usage import Meter
from syncjobs.clock import SyncNow, in_

T = TypeVar("T")
log = logging.getLogger(__name__)

RENEWAL = timedelta(days=1)  # Gmail's advice; it forgets a watch after seven
EARLIER = timedelta(hours=2)  # by up to so much, each at a moment of its own
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=2), timedelta(hours=6)
MOST_STOPS = (
    5  # attempts; a watch that nobody stops lapses by itself, and who disconnects waits for the end of his grant
)
MOST_AT_ONCE = 5  # each may wait for its time-out
HEARD = timedelta(seconds=10)  # so often a notification is written down at most
PATIENCE, MOST_QUOTA_WAIT = 10.0, 15.0  # seconds
REFUSALS = {"insufficientPermissions": "scope", "domainPolicy": "domain_policy", "forbidden": "topic_permission"}


def heard(email: str) -> None:
    """A notification about this mailbox came."""
    rows = Watch.objects.filter(email=email)
    rows.filter(Q(heard_at=None) | Q(heard_at__lt=in_(-HEARD))).update(heard_at=SyncNow())


def look_again(email: str) -> None:
    """Whether this mailbox is to be watched may have changed: call it inside the transaction that changed it."""
    Watch.objects.bulk_create([Watch(email=email, due_at=SyncNow())], ignore_conflicts=True)
    Watch.objects.filter(email=email).update(due_at=SyncNow(), attempts=0)


def let_go(account: Account) -> None:
    """The same before an account loses its grant: if nobody else holds the mailbox, Gmail is told to stop with this one."""
    try:
        grant = account.credentials
    except Undecryptable:
        grant = ""
    if grant:
        _live(Watch.objects.filter(email=account.email)).update(grant=grant)
    look_again(account.email)


@receiver(pre_delete, sender=Account)
def _going(instance: Account, **more: Any) -> None:
    let_go(instance)


@receiver(post_delete, sender=Account)
def _gone(instance: Account, **more: Any) -> None:
    forget(instance.email)


def forget(email: str) -> None:
    """An account is gone: without another, and with nothing left to stop, nothing is kept about its mailbox."""
    if not Account._base_manager.filter(email=email).exists():
        Watch.objects.filter(email=email, grant="").delete()


def is_to_be_stopped(email: str) -> bool:
    """Whether Gmail is still to be told to stop with the grant of an account that was let go."""
    return Watch.objects.filter(email=email).exclude(grant="").exists()


def tick() -> int:
    """Ask Gmail for what is due. Returns how many rows were settled; any number may run at once, one of them takes each.

    Without a topic only what was begun before is ended.
    """
    due = Watch.objects.filter(due_at__lte=SyncNow()).order_by("due_at")
    if not settings.GOOGLE_PUBSUB_TOPIC:
        due = due.exclude(grant="")
    return sum(_settle(pk) for pk in list(due.values_list("pk", flat=True)[:MOST_AT_ONCE]))


def pause(attempts: int) -> timedelta:
    """How long to wait after that many failed attempts."""
    return min(FIRST_PAUSE * 2 ** min(attempts, 20), LONGEST_PAUSE)


def next_renewal(row: int) -> timedelta:
    """When a watch is renewed: after a day, less a share of its own."""
    return RENEWAL - EARLIER * (row % 97 / 97)


def trouble(error: GmailError) -> str:
    """The code of what kept Gmail from watching."""
    if isinstance(error, Refused):
        return "topic_wrong" if error.status == 400 else REFUSALS.get(error.reason, "refused")
    kinds = {NotFound: "topic_missing", RateLimited: "rate_limited", Transient: "unreachable", GrantRevoked: "grant"}
    return next((code for kind, code in kinds.items() if isinstance(error, kind)), "refused")


def _settle(pk: int) -> bool:
    row = _take(pk)
    if row is None:
        return False
    account = Account.objects.scheduled().filter(email=row.email).order_by("pk").first()
    try:
        return _watch(row, account) if account is not None and settings.GOOGLE_PUBSUB_TOPIC else _stop(row)
    except Undecryptable:
        return _failed(row, "credentials_unreadable")
    except GrantRevoked as death:
        if account is None:
            return _rest(row)  # what is to be stopped with it has ended with it
        log.warning("the grant of account %s has ended: %s", account.pk, death)
        if Account.objects.scheduled().filter(pk=account.pk).exists():
            return _failed(row, "grant")
        return _ended(row, due_at=SyncNow(), trouble="grant")  # its schedule rests; somebody else's may be good
    except GmailError as error:
        log.warning("%s is not watched: %s", row.email, error)
        return _failed(row, trouble(error))


def _take(pk: int) -> Watch | None:
    """The row, its next attempt announced before this one: a tick that is killed while it waits for Gmail repeats nothing."""
    with transaction.atomic():
        rows = Watch.objects.filter(pk=pk, due_at__lte=SyncNow())
        row = rows.defer("grant").select_for_update(skip_locked=True).first()
        if row is None:
            return None
        rows.update(attempts=F("attempts") + 1, due_at=in_(pause(row.attempts)))
        row.refresh_from_db(fields=["attempts", "due_at"])
    return row


def _watch(row: Watch, account: Account) -> bool:
    watch = _ask(
        account, open_credentials(account), account.pk, lambda gmail: gmail.watch(settings.GOOGLE_PUBSUB_TOPIC)
    )
    return _ended(
        row,
        due_at=in_(next_renewal(row.pk)),
        topic=settings.GOOGLE_PUBSUB_TOPIC,
        renewed_at=SyncNow(),
        expires_at=datetime.fromtimestamp(watch.expiration / 1000, UTC),
        attempts=0,
        trouble="",
        grant="",
    )


def _stop(row: Watch) -> bool:
    """Nobody wants it: with the grant of a mailbox that is paused, or of one that was let go; without any it lapses."""
    if _live(Watch.objects.filter(pk=row.pk)).exists():
        paused = Account.objects.filter(email=row.email, state=Account.State.OK).order_by("pk").first()
        known = Account.objects.filter(email=row.email).order_by("pk").values_list("pk", flat=True).first()
        if paused is not None:
            _ask(paused, open_credentials(paused), known, lambda gmail: gmail.stop())
        elif row.grant:
            _ask(Account(email=row.email), open_loose(row.email, row.grant), known, lambda gmail: gmail.stop())
    return _rest(row)


def _ask(account: Account, credentials: Credentials, ledger: int | None, call: Callable[[GmailClient], T]) -> T:
    """Raises GmailError, Undecryptable; whatever comes, the units are in the ledger."""
    gmail = open_mailbox(
        account,
        credentials,
        lambda seconds, _: time.sleep(seconds),
        priority=Priority.SCHEDULED,
        max_wait=MOST_QUOTA_WAIT,
        timeout=PATIENCE,
    )
    with closing(gmail):
        try:
            return call(gmail)
        finally:
            if ledger is not None:
                Meter(ledger, gmail).finish()


def _failed(row: Watch, code: str) -> bool:
    if row.attempts >= MOST_STOPS and is_to_be_stopped(row.email):
        return _rest(row)
    Watch.objects.filter(pk=row.pk).update(trouble=code)
    _tell_if_lapsed(row)
    return False


def _tell_if_lapsed(row: Watch) -> None:
    """Whoever relies on pushes hears once that they have ended; the key is the end, which a renewal moves."""
    if row.expires_at is None or not Watch.objects.filter(pk=row.pk, expires_at__lte=SyncNow()).exists():
        return
    for account in Account.objects.scheduled().filter(email=row.email):
        outbox.happened(account, Event.PUSH_LAPSED, row.expires_at.isoformat())


def _rest(row: Watch) -> bool:
    # Looked at again all the same: whoever lets a user work again need not know of watches.
    _ended(row, due_at=in_(RENEWAL), expires_at=None, attempts=0, trouble="", grant="")
    forget(row.email)
    return True


def _ended(row: Watch, **columns: Any) -> bool:
    """Keep what came of it. Something changed while Gmail was asked: then the two may have crossed, and it is asked again."""
    if not Watch.objects.filter(pk=row.pk, due_at=row.due_at).update(**columns):
        columns.pop("grant", None)
        Watch.objects.filter(pk=row.pk).update(**columns | {"due_at": SyncNow()})
    return True


def _live(rows: QuerySet[Watch]) -> QuerySet[Watch]:
    return rows.filter(expires_at__gt=SyncNow())
