"""Erase what was mirrored of mailboxes whose owners want nothing of them left."""

import time
from collections.abc import Iterator

from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import Model, QuerySet

from mailsync import audit
from mailsync.disconnect import jobs_of
from mailsync.models import Account
from syncjobs.models import SyncJobEvent

CHUNK = 500  # rows of one transaction
SECONDS = 0.5  # of one tick: the process that runs it also wakes jobs
MOST_ACCOUNTS = 50


def tick(seconds: float = SECONDS) -> int:
    """Erase for so long. Returns how many chunks went.

    What is left is always what the rows say: lost, doubled or killed ticks are simply gone on with by the next one.
    """
    until, chunks = time.monotonic() + seconds, 0
    for pk in list(Account.erasing.order_by("erasing_since").values_list("pk", flat=True)[:MOST_ACCOUNTS]):
        while time.monotonic() < until and erase_chunk(pk):
            chunks += 1
    return chunks


def erase_chunk(pk: int) -> bool:
    """Erase the next rows of an account, in the end the account; False when there is nothing to do now.

    Nothing is touched before its last job is final: from then on a worker that still writes a page finds its lease gone.
    """
    with transaction.atomic(durable=True):
        account = Account.erasing.select_for_update(skip_locked=True, no_key=True).filter(pk=pk).first()
        if account is None or jobs_of(account).filter(finished_at=None).exists():
            return False
        if not any(_some_deleted(rows) for rows in belongings(account)):
            audit.record("erased", mailbox=account)
            account.delete()
        return True


def belongings(account: Account) -> Iterator[QuerySet]:
    """Every table that holds rows of an account: jobs first, which its owner still sees, then whatever refers to it."""
    jobs = jobs_of(account)
    yield SyncJobEvent.objects.filter(job__in=jobs)
    yield jobs
    # The admin's own log of changes names the mailbox.
    yield LogEntry.objects.filter(
        content_type__model="account", content_type__app_label="mailsync", object_id=account.pk
    )
    for relation in Account._meta.related_objects:
        model: type[Model] = relation.related_model  # type: ignore[assignment]
        yield model._base_manager.filter(**{relation.field.name: account.pk})


def _some_deleted(rows: QuerySet) -> bool:
    chosen = list(rows.order_by().values_list("pk", flat=True)[:CHUNK])
    return bool(chosen) and bool(rows.model._base_manager.filter(pk__in=chosen).only("pk").delete()[0])
