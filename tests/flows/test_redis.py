"""Redis forgets everything, Redis dies, in the middle of twenty jobs: all succeed, and nobody starts anything anew."""

import json
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psutil
import pytest
import redis
from websockets.exceptions import ConnectionClosed

from tests.flows.conftest import unused_mailbox
from tests.flows.product import Gmail, Product, eventually
from tests.flows.test_button import open_socket

MAILBOXES = 20
KEPT = 150  # messages of each: enough for two pages
NEW_MAIL = 110
REFUSED_FOR = 8.0  # seconds: time enough for all of them to be taken up once
PATIENCE = 120.0
STILL_AT_IT = 10  # of the jobs, when Redis fails

Mailboxes = dict[int, str]
States = dict[str, str]

# What is in no row but in Redis alone: after FLUSHALL it has to come back by itself.
EARS = """
import json
from config.celery import app
print(json.dumps(sorted(name.split("@")[0] for answer in app.control.ping(timeout=8) for name in answer)))
"""
JOBS = "SELECT task_id, state, (stats->>'added')::int FROM syncjobs_syncjob WHERE task_id = ANY(%s)"


@pytest.fixture(scope="module")
def mailboxes(product: Product, gmail: Gmail) -> Mailboxes:
    """Twenty accounts of the demo user, with their addresses."""
    emails = [unused_mailbox() for _ in range(MAILBOXES)]
    for email in emails:
        gmail.control("delete", email=email, ids=gmail.ids(email)[KEPT:])
    return dict(zip(product.connect_all(emails), emails, strict=True))


@pytest.fixture
def heard(product: Product) -> Iterator[States]:
    """The last state of each job that a browser hears of; it connects anew when its socket breaks, as the page does."""
    states: States = {}
    over = threading.Event()

    def listen() -> None:
        while not over.is_set():
            with suppress(ConnectionClosed, OSError, TimeoutError), open_socket(product) as socket:
                while not over.is_set():
                    with suppress(TimeoutError):
                        job = json.loads(socket.recv(timeout=0.5))["job"]
                        states[job["task_id"]] = job["state"]

    thread = threading.Thread(target=listen)
    thread.start()
    yield states
    over.set()
    thread.join(30)


@pytest.mark.long  # the chaos forgets and kills in the default suite, too
@pytest.mark.timeout(300)
def test_twenty_jobs_outlive_a_redis_that_forgets_everything(
    product: Product, gmail: Gmail, mailboxes: Mailboxes, heard: States
) -> None:
    mains = worker_mains(product)
    tasks = all_at_work(product, gmail, mailboxes)

    with redis.Redis.from_url(product.servers["REDIS_URL"], socket_timeout=10) as client:
        client.flushall()

    assert set(all_end_well(product, tasks, heard)) == {("SUCCEEDED", KEPT)}
    assert product.held(*mailboxes) == [gmail.truth(email) for email in mailboxes.values()]
    assert worker_mains(product) == mains, "a worker was ended needlessly"
    assert product.shell(EARS) == ["control", "interactive", "scheduled"]


@pytest.mark.long
@pytest.mark.timeout(300)
def test_twenty_jobs_outlive_a_redis_that_dies(
    product: Product, gmail: Gmail, mailboxes: Mailboxes, heard: States
) -> None:
    for email in mailboxes.values():
        gmail.control("deliver", email=email, count=NEW_MAIL)
    mains = worker_mains(product)
    tasks = all_at_work(product, gmail, mailboxes)
    before = {process.pid for process in product.processes("valkey-server")}

    product.signal(product.processes("valkey-server"), signal.SIGKILL)

    assert set(all_end_well(product, tasks, heard)) == {("SUCCEEDED", NEW_MAIL)}
    assert not before & {process.pid for process in product.processes("valkey-server")}
    assert product.held(*mailboxes) == [gmail.truth(email) for email in mailboxes.values()]
    assert worker_mains(product) == mains, "a worker was ended needlessly"
    assert product.shell(EARS) == ["control", "interactive", "scheduled"]


def all_at_work(product: Product, gmail: Gmail, mailboxes: Mailboxes) -> list[str]:
    """Press Sync everywhere while Gmail asks for patience; the tasks once each was taken up and some are at work again."""
    gmail.control("faults", rules=[{"fault": "retry_after", "seconds": REFUSED_FOR}])
    try:
        with ThreadPoolExecutor(4) as crowd:
            tasks = [answer.json()["task_id"] for answer in crowd.map(product.start, mailboxes)]
        eventually(lambda: {state for state, _ in jobs(product, tasks)} == {"RUNNING"}, within=60)
    finally:
        gmail.control("faults", rules=[])
    eventually(lambda: any(added for _, added in jobs(product, tasks)), within=60, every=0.1)
    assert sum(state == "RUNNING" for state, _ in jobs(product, tasks)) >= STILL_AT_IT
    return tasks


def all_end_well(product: Product, tasks: list[str], heard: States) -> list[tuple[str, int]]:
    """The jobs once they have ended, and the browser has heard of each end."""
    eventually(lambda: "RUNNING" not in dict(jobs(product, tasks)), within=PATIENCE, every=0.5)
    ended = jobs(product, tasks)
    eventually(lambda: all(heard.get(task) == "SUCCEEDED" for task in tasks), within=60)
    return ended


def jobs(product: Product, tasks: list[str]) -> list[tuple[str, int]]:
    """State and messages added of each job."""
    with product.database() as database:
        return [(state, added or 0) for _, state, added in database.execute(JOBS, [tasks])]


def worker_mains(product: Product) -> set[int]:
    """The pids of the workers themselves, without their pools."""
    workers = product.workers()
    pids = {process.pid for process in workers}
    return {process.pid for process in workers if parent_of(process) not in pids}


def parent_of(process: psutil.Process) -> int:
    """The parent's pid; 0 once the process has ended."""
    try:
        return process.ppid()
    except psutil.NoSuchProcess:
        return 0
