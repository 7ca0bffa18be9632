"""Keep the list of each user's downloads: one at a time, with what became of it."""

import time
from collections.abc import Iterator, Sequence
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction

from mailsync.export.tally import Tally
from mailsync.models import Account, Export
from syncjobs.clock import SyncNow

SILENCE = timedelta(minutes=3)  # after which a download is over, whatever became of its process; longer than any wait
MOST_AT_ONCE = 8  # of all users together: each holds a connection to the database
BEAT_SECONDS = 5.0
KEPT = 20  # of each user


class Busy(Exception):
    """A download of this user is under way, or too many of others."""


def begin(user: User, accounts: Sequence[Account], form: str, label: str, q: str) -> Export:
    """Raises Busy. The user's row is locked: of two clicks, one comes first."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        running = Export.objects.filter(finished_at=None, seen_at__gt=SyncNow() - SILENCE)
        if running.filter(owner=user).exists() or running.count() >= MOST_AT_ONCE:
            raise Busy
        mine = Export.objects.filter(owner=user)
        mine.filter(pk__in=list(mine.order_by("-id").values_list("pk", flat=True)[KEPT - 1 :])).delete()
        account = accounts[0] if len(accounts) == 1 else None
        return Export.objects.create(owner=user, account=account, form=form, label=label, q=q)


def recorded(export: Export, tally: Tally, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces; while they flow the row shows a sign of life, in the end how it went, also when it breaks off."""
    whole, beat = False, time.monotonic()
    try:
        for piece in pieces:
            yield piece
            if time.monotonic() > beat + BEAT_SECONDS:
                _write(export, tally, seen_at=SyncNow())
                beat = time.monotonic()
        whole = True
    finally:
        _write(export, tally, whole=whole, seen_at=SyncNow(), finished_at=SyncNow())


def _write(export: Export, tally: Tally, **more: object) -> None:
    Export.objects.filter(pk=export.pk).update(
        messages=tally.messages, bytes=tally.bytes, missing_count=tally.missing, missing=tally.noted, **more
    )
