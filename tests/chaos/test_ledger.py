"""The triggers tell the truth: whoever breaks an invariant in the database itself is found out."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import connection

from mailsync.models import Account, Message
from syncjobs.models import SyncJob
from tests.chaos import checker, ledger
from tests.chaos.checker import Violated
from tests.committed import transactional_db  # noqa: F401

Session = psycopg.Connection[Any]
CLAIM = """UPDATE syncjobs_syncjob SET state = 'RUNNING', lease_token = gen_random_uuid(), revision = revision + 1,
           lease_until = now() + interval '1 minute'"""
HOLD = CLAIM + " WHERE resource = %s"
PAGE = "INSERT INTO mailsync_label (account_id, label_id, name, type) SELECT id, %s, %s, 'user' FROM mailsync_account"


RAW = "INSERT INTO mailsync_rawmessage (message_id, data, size, sha256) SELECT id, '', 0, '' FROM mailsync_message"


def session() -> Session:
    """One more connection to the tests' database."""
    at = connection.settings_dict
    return psycopg.connect(
        host=at["HOST"], port=at["PORT"], dbname=at["NAME"], user=at["USER"], password=at["PASSWORD"], autocommit=True
    )


@pytest.fixture
def watched(transactional_db: None) -> Iterator[Session]:  # noqa: F811
    """A session that reads the ledger; there is one mailbox, with one job that waits."""
    with session() as database, ledger.kept(database):
        owner = User.objects.create_user("anna")
        account = Account.objects.create(owner=owner, email="a@example.com")
        job(owner, account, "a")
        yield database


@pytest.fixture
def worker() -> Iterator[Session]:
    with session() as opened:
        yield opened


def job(owner: User, account: Account, task_id: str, resource: str = "") -> None:
    SyncJob.objects.create(
        task_id=task_id,
        kind="mailbox",
        owner=owner,
        resource=resource or account.resource,
        mode="full",
        trigger="button",
    )


@pytest.fixture
def owed(watched: Session) -> str:
    """The resource of a backfill that waits beside the job; its mailbox has one mail without raw bytes."""
    account = Account.objects.get()
    Message.objects.create(
        account=account,
        gmail_id="1",
        thread_id="1",
        size=1,
        history_id=1,
        labels_as_of=1,
        internal_date=datetime.now(UTC),
    )
    job(account.owner, account, "b", account.raw_resource)
    return account.raw_resource


def test_a_page_under_its_own_lease_is_in_order(watched: Session, worker: Session) -> None:
    worker.execute(CLAIM)
    worker.execute(PAGE, ["L1", "One"])

    entries = ledger.read(watched)
    assert [entry.what for entry in entries] == ["job", "job", "write"]
    assert entries[1].token == entries[2].token is not None
    assert (entries[2].task_id, entries[2].rows, entries[2].tablename) == ("a", 1, "mailsync_label")
    assert checker.written_by_holders(entries) == 1


def test_a_page_that_was_rolled_back_is_not_told(watched: Session, worker: Session) -> None:
    worker.execute(CLAIM)
    with worker.transaction(force_rollback=True):
        worker.execute(PAGE, ["L1", "One"])

    assert [entry.what for entry in ledger.read(watched)] == ["job", "job"]


def test_a_zombie_without_a_fence_is_found(watched: Session, worker: Session) -> None:
    worker.execute(CLAIM)
    watched.execute(CLAIM)
    worker.execute(PAGE, ["L1", "One"])

    with pytest.raises(Violated, match="mailsync_label"):
        checker.written_by_holders(ledger.read(watched))


def test_a_page_whose_lease_is_taken_before_its_commit_is_found(watched: Session, worker: Session) -> None:
    worker.execute(CLAIM)
    with worker.transaction():
        worker.execute(PAGE, ["L1", "One"])
        watched.execute(CLAIM)

    with pytest.raises(Violated):
        checker.written_by_holders(ledger.read(watched))


def test_a_backfill_brings_raw_bytes_under_its_own_lease_beside_a_pass(
    watched: Session, worker: Session, owed: str
) -> None:
    watched.execute(HOLD, [Account.objects.get().resource])
    worker.execute(HOLD, [owed])
    worker.execute(RAW)

    entries = ledger.read(watched)
    assert [(each.resource, each.tablename) for each in entries if each.what == "write"][-1] == (
        owed,
        "mailsync_rawmessage",
    )
    assert checker.written_by_holders(ledger.read(watched, owed)) == 1


def test_a_zombie_among_backfills_is_found(watched: Session, worker: Session, owed: str) -> None:
    worker.execute(HOLD, [owed])
    watched.execute(HOLD, [owed])
    worker.execute(RAW)

    with pytest.raises(Violated, match="mailsync_rawmessage"):
        checker.written_by_holders(ledger.read(watched, owed))


def test_raw_bytes_that_nobody_with_a_lease_brought_are_found(watched: Session, worker: Session, owed: str) -> None:
    watched.execute(HOLD, [owed])
    worker.execute(RAW)

    with pytest.raises(Violated, match="mailsync_rawmessage"):
        checker.written_by_holders(ledger.read(watched, "nobody"))


def test_a_second_active_job_without_the_index_is_found(watched: Session) -> None:
    with watched.transaction(force_rollback=True):
        watched.execute("DROP INDEX one_active_job_per_resource")
        watched.execute("CREATE TEMP TABLE twin AS SELECT * FROM syncjobs_syncjob")
        watched.execute("UPDATE twin SET id = id + 1, task_id = 'b'")
        watched.execute("INSERT INTO syncjobs_syncjob SELECT * FROM twin")
        entries = ledger.read(watched)

    with pytest.raises(Violated, match="active at once"):
        checker.at_most_one_active(entries)


def test_a_bar_that_falls_is_found(watched: Session) -> None:
    watched.execute("UPDATE syncjobs_syncjob SET percentage = 50, revision = revision + 1")
    watched.execute("UPDATE syncjobs_syncjob SET percentage = 49, revision = revision + 1")

    with pytest.raises(Violated, match="the bar fell"):
        checker.progress_rises(ledger.read(watched))


def test_a_change_that_keeps_its_revision_is_found(watched: Session) -> None:
    watched.execute("UPDATE syncjobs_syncjob SET phase = 'starting'")

    with pytest.raises(Violated, match="same revision"):
        checker.progress_rises(ledger.read(watched))
