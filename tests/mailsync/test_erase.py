"""Erasing a mirror: nothing is left, whatever is killed on the way, whoever still writes."""

from datetime import UTC, date, datetime

import pytest
from django.contrib.auth.models import User
from django.db import connection

from mailsync import erase, pictures, schedule
from mailsync.disconnect import disconnect
from mailsync.models import (
    Account,
    Body,
    Change,
    Export,
    Failure,
    Listed,
    Message,
    Notice,
    Pushed,
    RawMessage,
    Usage,
    Watch,
)
from syncjobs import lifecycle
from syncjobs.context import Context
from syncjobs.errors import LeaseLost
from syncjobs.models import SyncJob, SyncJobEvent
from syncjobs.states import Trigger
from tests.committed import at_once
from tests.mailsync.mirror import sync
from tests.mailsync.simulated import Gmail


@pytest.fixture
def full(account: Account) -> Account:
    """A mirrored mailbox with rows in every table that knows mailboxes."""
    sync(account)
    Failure.objects.create(account=account, gmail_id="bad1", code="x")
    Listed.objects.create(account=account, gmail_id="bad1", thread_id="bad1")
    Pushed.objects.create(account=account)
    Export.objects.create(owner=account.owner, account=account, form=Export.Form.MBOX)
    Usage.objects.get_or_create(account=account, day=date(2020, 1, 1))
    Export.objects.create(owner=account.owner, account=account, form=Export.Form.ZIP)
    Body.objects.create(account=account, message=Message.objects.filter(account=account).latest("pk"), data=b"")
    Change.objects.create(account=account, gmail_id="bad1", kind="deleted", history_id=1, task_id="x")
    pictures.tick()
    Notice.objects.create(account=account, user=account.owner, event="failed", way="mail", dedupe_key="x")
    return account


def rows_of(account: int) -> dict[str, int]:
    """How many rows each table holds of an account, found by the database's own word for what refers to it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, attname FROM pg_constraint JOIN pg_attribute"
            " ON attrelid = conrelid AND attnum = conkey[1]"
            " WHERE contype = 'f' AND confrelid = 'mailsync_account'::regclass"
            " UNION SELECT table_name::text, column_name::text FROM information_schema.columns"
            " WHERE table_schema = 'public' AND column_name IN ('account', 'account_id')"
        )
        places = cursor.fetchall()
        found = {}
        for table, column in places:
            cursor.execute(f"SELECT count(*) FROM {table} WHERE {column} = %s", [account])
            found[table] = cursor.fetchone()[0]
    found["raw"] = RawMessage.objects.filter(message__account=account).count()
    found["jobs"] = SyncJob.objects.filter(facts__account=account).count()
    found["events"] = SyncJobEvent.objects.filter(job__facts__account=account).count()
    found["account"] = Account._base_manager.filter(pk=account).count()
    return found


def erase_all() -> None:
    while erase.tick(seconds=10):
        pass


def test_nothing_is_left_in_any_table(full: Account) -> None:
    before = rows_of(full.pk)
    assert len(before) >= 12 and all(before.values()), before

    disconnect(full, by="anna", erase=True)
    erase_all()

    assert not any(rows_of(full.pk).values())
    assert not Watch.objects.filter(email=full.email).exists()


def test_the_mail_of_others_stays(full: Account, gmail: Gmail) -> None:
    other = Account.objects.create(owner=User.objects.create_user("bert"), email=gmail.email, credentials="{}")
    message = Message.objects.create(
        account=other,
        gmail_id="a1",
        thread_id="a1",
        labels_as_of=1,
        history_id=1,
        size=1,
        internal_date=datetime(2020, 1, 1, tzinfo=UTC),
    )
    job = schedule.request_sync(other, trigger=Trigger.BUTTON).job
    disconnect(full, by="anna", erase=True)
    erase_all()
    assert list(Account.objects.all()) == [other]
    assert list(Message.objects.all()) == [message]
    assert list(SyncJob.objects.all()) == [job]


def test_an_eraser_that_dies_between_two_chunks_is_gone_on_with(full: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erase, "CHUNK", 7)
    disconnect(full, by="anna", erase=True)
    chunks = 0
    while True:  # each chunk by a process of its own, which ends right after it
        before = sum(rows_of(full.pk).values())
        if not erase.erase_chunk(full.pk):
            break
        chunks += 1
        assert sum(rows_of(full.pk).values()) < before
    assert chunks > 40 / 7
    assert not any(rows_of(full.pk).values())


def test_two_erasers_at_once_do_not_disturb_each_other(full: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erase, "CHUNK", 7)
    disconnect(full, by="anna", erase=True)
    results = at_once([erase_all, erase_all, erase_all])
    assert results == [None, None, None]
    erase_all()
    assert not any(rows_of(full.pk).values())


def test_nothing_is_touched_while_a_worker_holds_the_job_and_its_late_page_is_lost(full: Account) -> None:
    job = schedule.request_sync(full, trigger=Trigger.BUTTON).job
    claimed = lifecycle.claim(job.pk, "worker")
    assert claimed is not None
    late = Context(claimed)
    before = rows_of(full.pk)

    disconnect(full, by="anna", erase=True)
    erase.tick(seconds=10)
    after = rows_of(full.pk)
    assert {name: after[name] for name in after if name != "events"} == {
        name: before[name] for name in before if name != "events"
    }

    lifecycle.cancelled(claimed)
    erase.erase_chunk(full.pk)
    with pytest.raises(LeaseLost), late.page():
        raise AssertionError("a page began")
    erase_all()
    with pytest.raises(LeaseLost), late.page():
        raise AssertionError("a page began")
    assert not any(rows_of(full.pk).values())


def test_one_mailbox_that_waits_for_its_worker_does_not_keep_the_next_one(full: Account, anna: User) -> None:
    job = schedule.request_sync(full, trigger=Trigger.BUTTON).job
    assert lifecycle.claim(job.pk, "worker") is not None
    disconnect(full, by="anna", erase=True)
    second = Account.objects.create(owner=anna, email="second@example.com", credentials="{}")
    disconnect(second, by="anna", erase=True)
    erase_all()
    assert list(Account.erasing.all()) == [full]
