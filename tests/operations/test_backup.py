"""A dump of a product in full work, restored beside an empty Redis: it goes on, and ends exact."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from tests.flows.conftest import free_port
from tests.flows.product import Gmail, Product, eventually
from tests.operations.handbook import commands, run

CHAPTER = "Back up and restore"
REPLAYED, FIRST, RAW, FORGOTTEN = (f"user{number}@example.com" for number in range(1, 5))
UNFINISHED = """
SELECT facts ->> 'account', kind FROM syncjobs_syncjob WHERE state = 'RUNNING' AND lease_token IS NOT NULL
"""


@contextmanager
def running(home: Path, gmail: Gmail, **environment: str) -> Iterator[Product]:
    product = Product(
        home,
        free_port(),
        GOOGLE_BASE_URL=gmail.address,
        GMAIL_USER_UNITS_PER_MINUTE="0",
        GMAIL_PROJECT_UNITS_PER_MINUTE="0",
        SYNC_LEASE="15s",
        **environment,
    )
    try:
        yield product
    finally:
        product.stop()


def slow(*emails: str) -> list[dict[str, Any]]:
    """Each further call about these mailboxes takes long, so that their jobs are under way for a while."""
    return [{"fault": "slow", "seconds": 4, "match": {"email": email}} for email in emails]


def held_jobs(database: str) -> set[tuple[int, str]]:
    """(account, kind) of the jobs that a worker holds."""
    with psycopg.connect(database, connect_timeout=10) as connection:
        return {(int(account), kind) for account, kind in connection.execute(UNFINISHED)}


def sync_and_wait(product: Product, *accounts: int) -> None:
    for task_id in [product.start(account).json()["task_id"] for account in accounts]:
        assert product.finished(task_id, within=120)["state"] == "SUCCEEDED"


def nothing_is_active(product: Product) -> bool:
    with product.database() as connection:
        row = connection.execute("SELECT count(*) FROM syncjobs_syncjob WHERE finished_at IS NULL").fetchone()
        assert row is not None
        return bool(row[0] == 0)


def change(gmail: Gmail, email: str) -> None:
    """Whatever can happen to a mailbox while nobody looks."""
    ids = gmail.ids(email)
    gmail.control("deliver", email=email, count=7)
    label = gmail.control("create-label", email=email, name="After the dump")["id"]
    gmail.control("labels", email=email, ids=ids[:40], add=[label, "STARRED"], remove=["UNREAD"])
    gmail.control("trash", email=email, ids=ids[40:45])
    gmail.control("delete", email=email, ids=[*ids[50:55], *ids[-5:]])


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_dump_taken_in_mid_sync_is_restored_and_every_mirror_is_exact(
    gmail: Gmail, directory: Path, empty_database: str
) -> None:
    to_dump, to_restore = commands(CHAPTER)[:2]
    emails = [REPLAYED, FIRST, RAW, FORGOTTEN]
    with running(directory / "lost", gmail) as product:
        accounts = [product.connect(email, "both" if email == RAW else "archive") for email in emails]
        replayed, first, raw, forgotten = accounts
        keys = {name: product.servers[name] for name in ("SECRET_KEY", "TOKEN_ENCRYPTION_KEYS")}
        sync_and_wait(product, replayed, forgotten)
        sync_and_wait(product, raw)  # its raw bytes are a job of their own, which begins now
        gmail.control("deliver", email=REPLAYED, count=150)
        gmail.control("faults", rules=slow(RAW, REPLAYED))
        tasks = [product.start(account).json()["task_id"] for account in (replayed, first)]
        product.done(tasks[1], at_least=100)
        gmail.control("faults", rules=slow(RAW, REPLAYED, FIRST))
        under_way = {(replayed, "mailbox"), (first, "mailbox"), (raw, "backfill")}
        eventually(lambda: held_jobs(product.servers["DATABASE_URL"]) == under_way, within=30, every=0.02)

        run(to_dump, directory, DATABASE_URL=product.servers["DATABASE_URL"])

        # What came after the dump is lost with the machine: mail, raw bytes, positions, ends of jobs.
        gmail.control("faults", rules=[])
        for task_id in tasks:
            assert product.finished(task_id, within=120)["state"] == "SUCCEEDED"
        change(gmail, FIRST)
        sync_and_wait(product, first)
        product.signal(product.workers(), signal.SIGKILL)
    for email in emails:
        change(gmail, email)
    gmail.control("expire-history", email=FORGOTTEN)

    run(to_restore, directory, DATABASE_URL=empty_database)

    assert held_jobs(empty_database) == under_way
    with running(directory / "new", gmail, DATABASE_URL=empty_database, **keys) as product:
        eventually(lambda: nothing_is_active(product), within=180)  # nobody has touched anything
        assert requests.get(product.address + "/readyz", timeout=10).json()["ready"]
        assert [product.job(task_id)["state"] for task_id in tasks] == ["SUCCEEDED"] * 2
        sync_and_wait(product, *accounts)
        eventually(lambda: nothing_is_active(product), within=120)
        assert product.held(*accounts) == [gmail.truth(email) for email in emails]
        for email in emails:
            assert "Equal." in product.manage("verify_account", email, "--all")
