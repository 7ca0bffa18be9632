"""A worker is stopped in the middle of a page, its job goes on elsewhere, it awakes: not one row of its own is kept."""

import signal
import time
from collections.abc import Iterator
from typing import Any

import psutil
import psycopg
import pytest

from tests.chaos import checker, ledger
from tests.flows.conftest import LATENCY
from tests.flows.product import Gmail, Product, eventually

PAGE = 100
RESCUE = 60.0  # seconds: the lease, an idle transaction's end, a sweep, on a busy machine
TAKEN_OVER = "was taken over; nothing of this slice was kept"

Database = psycopg.Connection[Any]


@pytest.fixture
def database(product: Product) -> Iterator[Database]:
    with product.database() as opened, ledger.kept(opened):
        yield opened


@pytest.mark.long  # the default suite's chaos freezes workers until others have their jobs, and looks at every write
def test_a_worker_stopped_within_its_transaction_leaves_not_one_row(
    product: Product, gmail: Gmail, account: int, mailbox: str, database: Database
) -> None:
    task_id = product.start(account).json()["task_id"]
    product.done(task_id, at_least=PAGE)

    with product.database() as other, other.transaction():
        other.execute("LOCK TABLE mailsync_rawmessage IN EXCLUSIVE MODE")  # a page stands still after its first rows
        zombie = holder(database, account)
        eventually(lambda: activity(database, zombie)["wait_event_type"] == "Lock", within=60, every=0.02)
        worker = process_of(database, zombie)
        worker.suspend()
    eventually(lambda: activity(database, zombie)["state"] == "idle in transaction", within=60, every=0.02)

    ends_exact_without(zombie, worker, product, gmail, account, mailbox, database, task_id)


@pytest.mark.long
def test_a_worker_stopped_while_gmail_answers_leaves_not_one_row(
    product: Product, gmail: Gmail, account: int, mailbox: str, database: Database
) -> None:
    task_id = product.start(account).json()["task_id"]
    product.done(task_id, at_least=PAGE)
    gmail.control("latency", latency=1.5)
    zombie = holder(database, account)
    worker = process_of(database, zombie)
    eventually(lambda: stopped_outside_of_a_transaction(worker, database, zombie), within=60, every=0.1)
    told = len(product.output)

    ends_exact_without(zombie, worker, product, gmail, account, mailbox, database, task_id)

    assert any(task_id in line and TAKEN_OVER in line for line in product.output[told:])


def ends_exact_without(
    zombie: int,
    worker: psutil.Process,
    product: Product,
    gmail: Gmail,
    account: int,
    mailbox: str,
    database: Database,
    task_id: str,
) -> None:
    """The job is claimed anew, the zombie awakes while it still runs, and nothing of what it held is found in the ledger."""
    resource = f"mailbox:{account}"
    stopped_at = last_id(database)
    gmail.control("latency", latency=0.5)  # the other worker shall still be at it when the zombie awakes
    try:
        eventually(lambda: holder(database, account) != zombie, within=RESCUE)
        worker.resume()
        gmail.control("latency", latency=LATENCY)
        job = product.finished(task_id, within=90)
        eventually(lambda: activity(database, zombie)["state"] in ("idle", "gone"), within=60)
    finally:
        product.signal([worker], signal.SIGCONT)
        gmail.control("latency", latency=LATENCY)
    entries = ledger.read(database, resource)

    assert job["state"] == "SUCCEEDED"
    assert [entry for entry in entries if entry.id > stopped_at and entry.backend == zombie] == []
    assert len({entry.token for entry in entries if entry.claimed}) == 2
    assert checker.written_by_holders(entries) >= 2 * PAGE // 25
    assert checker.progress_rises(entries) and checker.at_most_one_active(entries)
    assert product.held(account) == [gmail.truth(mailbox)]


def holder(database: Database, account: int) -> int:
    """The session that claimed the job last: its backend's pid."""
    claims = [entry for entry in ledger.read(database, f"mailbox:{account}") if entry.claimed]
    return claims[-1].backend


def last_id(database: Database) -> int:
    """The newest entry's id."""
    return max((entry.id for entry in ledger.read(database)), default=0)


def activity(database: Database, backend: int) -> dict[str, Any]:
    """What a session does."""
    query = "SELECT state, wait_event_type, client_port FROM pg_stat_activity WHERE pid = %s"
    row = database.execute(query, [backend]).fetchone() or ("gone", None, 0)
    return dict(zip(("state", "wait_event_type", "client_port"), row, strict=True))


def process_of(database: Database, backend: int) -> psutil.Process:
    """The process at the other end of a session."""
    port = activity(database, backend)["client_port"]
    return next(
        psutil.Process(each.pid)
        for each in psutil.net_connections("tcp")
        if each.pid and each.laddr and each.laddr.port == port
    )


def stopped_outside_of_a_transaction(worker: psutil.Process, database: Database, backend: int) -> bool:
    """Stop it; if that was within a transaction, let it go on."""
    worker.suspend()
    time.sleep(0.05)
    if activity(database, backend)["state"] == "idle":
        return True
    worker.resume()
    return False
