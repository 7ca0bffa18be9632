"""Remember for a day what was answered under which idempotency key."""

import uuid
from datetime import timedelta

from django.db.models import QuerySet

from syncjobs.clock import SyncNow, in_
from syncjobs.models import IdempotencyKey

ABANDONED_AFTER = timedelta(seconds=60)  # longer than any request takes: whoever claimed the key has died
KEEP = timedelta(hours=24)
CHUNK, MOST_CHUNKS = 1_000, 100  # rows of one statement; statements of one pruning


class OtherRequest(Exception):
    """The key was used for another request."""


class StillAnswering(Exception):
    """The first request with this key has no answer yet."""


def claim(owner_id: int, key: str, fingerprint: str) -> IdempotencyKey:
    """The key with its answer; with none (`status` is None) it is the caller's to `answer` or `release`.

    Raises OtherRequest, StillAnswering.
    """
    mine = uuid.uuid4()
    named = IdempotencyKey.objects.filter(owner=owner_id, key=key)
    wanted = IdempotencyKey(owner_id=owner_id, key=key, fingerprint=fingerprint, claim=mine)
    IdempotencyKey.objects.bulk_create([wanted], ignore_conflicts=True)
    row = named.first()
    if row is None:  # released between the two statements
        raise StillAnswering
    if row.fingerprint != fingerprint:
        raise OtherRequest
    if row.status is not None or row.claim == mine:
        return row
    # Of several that find it abandoned one succeeds: the others, once they have the row, find it claimed just now.
    abandoned = named.filter(status=None, claimed_at__lt=in_(-ABANDONED_AFTER))
    if not abandoned.update(claim=mine, claimed_at=SyncNow()):
        raise StillAnswering
    row.claim = mine
    return row


def answer(row: IdempotencyKey, status: int, body: str) -> None:
    """Keep the answer, unless somebody else has taken over: then theirs is the one to repeat."""
    _held(row).update(status=status, body=body)


def release(row: IdempotencyKey) -> None:
    """Forget a key whose request came to nothing: it may be tried again."""
    _held(row).delete()


def prune() -> int:
    """Forget what is older than a day, a bounded number of rows at a time. Returns how many went."""
    gone = 0
    for _ in range(MOST_CHUNKS):
        old = IdempotencyKey.objects.filter(claimed_at__lt=in_(-KEEP)).values_list("pk", flat=True)
        deleted = IdempotencyKey.objects.filter(pk__in=list(old[:CHUNK])).delete()[0]
        gone += deleted
        if deleted < CHUNK:
            break
    return gone


def _held(row: IdempotencyKey) -> QuerySet[IdempotencyKey]:
    return IdempotencyKey.objects.filter(pk=row.pk, claim=row.claim, status=None)
