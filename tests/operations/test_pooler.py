"""The whole product behind PgBouncer in transaction mode, with fewer connections than processes."""

import mailbox
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import requests

from config.embedded.child import wait_until
from config.embedded.ports import accepts
from config.embedded.unprivileged import become, identity
from tests.flows.conftest import free_port
from tests.flows.product import Gmail, Product, eventually
from tests.operations.handbook import commands, run

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
CONNECTIONS = 4
INI = """
[databases]
* = host=127.0.0.1 port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
pool_mode = transaction
default_pool_size = {connections}
max_client_conn = 200
auth_type = scram-sha-256
auth_file = {users}
"""
CHECK = """
import json
from mailsync.doctor import database
print(json.dumps([each.level for check in (database.reachable, database.limits) for each in check()]))
"""
BUSY = "SELECT count(*) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()"

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(PROGRAM is None, reason="PgBouncer is not installed"),
]


@pytest.fixture
def pooled(directory: Path, empty_database: str) -> Iterator[str]:
    """The URL of the empty database through PgBouncer."""
    direct, port, who = urlsplit(empty_database), free_port(), identity()
    users, ini = directory / "users", directory / "pgbouncer.ini"
    users.write_text(f'"{direct.username}" "{direct.password}"')
    ini.write_text(INI.format(server=direct.port, port=port, connections=CONNECTIONS, users=users))
    process = subprocess.Popen([str(PROGRAM), "-q", str(ini)], cwd="/", **become(who))
    try:
        assert wait_until(lambda: accepts(port), process, timeout=20)
        yield empty_database.replace(f":{direct.port}/", f":{port}/")
    finally:
        process.terminate()
        process.wait(timeout=20)


class Watched(threading.Thread):
    """How many connections the server has at most, looked at all the time."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.most, self.over, self._url = 0, threading.Event(), url

    def run(self) -> None:
        with psycopg.connect(self._url, autocommit=True, connect_timeout=10) as connection:
            while not self.over.wait(0.05):
                row = connection.execute(BUSY).fetchone()
                self.most = max(self.most, row[0] if row else 0)


def test_everything_works_through_a_pooler_of_transactions(
    gmail: Gmail, directory: Path, empty_database: str, pooled: str
) -> None:
    [limits] = commands("PgBouncer")
    run(limits, directory, DATABASE_URL=empty_database)
    product = Product(
        directory / "home",
        free_port(),
        DATABASE_URL=pooled,
        DATABASE_POOLER="transaction",
        GOOGLE_BASE_URL=gmail.address,
        GMAIL_USER_UNITS_PER_MINUTE="0",
        GMAIL_PROJECT_UNITS_PER_MINUTE="0",
        SYNC_LEASE="15s",
    )
    watched = Watched(empty_database)
    watched.start()
    try:
        assert product.shell(CHECK) == ["ok", "ok"]
        emails = [f"user{number}@example.com" for number in range(1, 3)]
        accounts = [product.connect(email, "both" if number == 0 else "archive") for number, email in enumerate(emails)]
        tasks = [product.start(account).json()["task_id"] for account in accounts]
        product.done(tasks[1], at_least=100)
        for email in emails:  # in mid-page: every slice asks for a token of its own, one of them gets it
            gmail.control("expire-tokens", email=email)
        assert {product.finished(task_id, within=180)["state"] for task_id in tasks} == {"SUCCEEDED"}
        for email in emails:
            ids = gmail.ids(email)
            gmail.control("deliver", email=email, count=30)
            gmail.control("labels", email=email, ids=ids[:30], add=["STARRED"])
            gmail.control("delete", email=email, ids=ids[40:50])
        again = [product.start(account).json()["task_id"] for account in accounts]
        assert [product.finished(task_id, within=120)["sync_type"] for task_id in again] == ["incremental"] * 2
        whole = product.start(accounts[1], force_full="true").json()["task_id"]
        product.manage("export_mailbox", emails[1], "--format", "mbox", "--output", str(directory / "mail.mbox"))
        assert product.finished(whole, within=120)["state"] == "SUCCEEDED"
        with closing(mailbox.mbox(directory / "mail.mbox")) as box:
            assert len(box) == len(gmail.ids(emails[1]))
        eventually(
            lambda: not product.call("GET", "/api/jobs/", params={"state": "RUNNING"}).json()["results"], within=120
        )
        assert product.held(*accounts) == [gmail.truth(email) for email in emails]
        for email in emails:
            assert "Equal." in product.manage("verify_account", email, "--all")
        assert requests.get(product.address + "/readyz", timeout=10).json()["ready"]
        assert len(product.processes("celery")) > CONNECTIONS >= watched.most > 1
    finally:
        watched.over.set()
        product.stop()
