"""A click, told whole: the web process, the workers, the database, the mirror."""

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.flows.conftest import MESSAGES
from tests.flows.product import Gmail, Product, eventually


def test_a_click_mirrors_the_mailbox_exactly(product: Product, account: int, mailbox: str) -> None:
    answer = product.start(account)

    assert answer.status_code == 202
    assert answer.json()["created"] is True
    job = product.finished(answer.json()["task_id"])
    assert (job["state"], job["progress_percentage"]) == ("SUCCEEDED", 100.0)
    assert job["stats"]["added"] == MESSAGES
    assert "Equal." in product.manage("verify_account", mailbox, "--all")


def test_what_changes_in_gmail_is_mirrored_for_a_few_units(
    product: Product, gmail: Gmail, account: int, mailbox: str
) -> None:
    product.finished(product.start(account).json()["task_id"])
    ids = gmail.ids(mailbox)
    gmail.control("deliver", email=mailbox, count=5)
    gmail.control("labels", email=mailbox, ids=ids[10:30], add=["STARRED"], remove=["UNREAD"])
    gmail.control("trash", email=mailbox, ids=ids[40:45])
    gmail.control("delete", email=mailbox, ids=ids[50:53])
    assert "lacks" in product.manage("verify_account", mailbox, ok=False)

    job = product.finished(product.start(account).json()["task_id"])

    assert job["sync_type"] == "incremental"
    assert job["stats"]["added"] == 5
    assert "Equal." in product.manage("verify_account", mailbox, "--all")
    idle = product.finished(product.start(account).json()["task_id"])
    assert idle["stats"]["units"] <= 5


def test_fifty_clicks_at_once_are_one_job(product: Product, account: int) -> None:
    with ThreadPoolExecutor(50) as crowd:
        answers = list(crowd.map(lambda _: product.start(account), range(50)))

    codes = sorted(answer.status_code for answer in answers)
    assert codes == [200] * 49 + [202]
    assert len({answer.json()["task_id"] for answer in answers}) == 1
    jobs = product.call("GET", "/api/jobs/", params={"account": account}).json()["results"]
    assert len(jobs) == 1
    product.finished(jobs[0]["task_id"])


def test_socket_mount_does_not_stop_jobs(product: Product, account: int) -> None:
    """The prototype's second bug: with its socket server mounted, background tasks no longer ran."""
    with open_socket(product) as socket:
        heard: list[str] = []
        threading.Thread(target=lambda: heard.extend(str(message) for message in socket), daemon=True).start()
        task_id = product.start(account).json()["task_id"]

        eventually(lambda: any(task_id in each and '"RUNNING"' in each for each in heard), within=60)
        eventually(lambda: any(task_id in each and '"SUCCEEDED"' in each for each in heard), within=60)
    assert product.job(task_id)["state"] == "SUCCEEDED"


@pytest.mark.long
def test_a_socket_that_was_idle_for_seven_seconds_still_hears(product: Product, account: int) -> None:
    """Newer clients of Redis cut an idle connection of the channel layer after five seconds."""
    with open_socket(product) as socket:
        time.sleep(7)
        task_id = product.start(account).json()["task_id"]
        heard = (str(message) for message in socket)
        assert any(task_id in each and '"RUNNING"' in each for each in heard)
    product.finished(task_id)


def test_with_redis_hanging_the_click_still_answers(product: Product, account: int) -> None:
    redis = product.processes("valkey-server")
    product.signal(redis, signal.SIGSTOP)
    try:
        answer = product.start(account)
    finally:
        product.signal(redis, signal.SIGCONT)

    assert answer.status_code == 202
    assert product.finished(answer.json()["task_id"], within=90)["state"] == "SUCCEEDED"


@pytest.mark.long  # the batches that do a job which nobody takes are told within one process, too
def test_without_workers_the_next_hundred_come_in_the_request(product: Product, account: int, mailbox: str) -> None:
    workers = product.workers()
    product.signal(workers, signal.SIGSTOP)
    try:
        # A worker that was stopped in the middle of a transaction holds its row until Postgres ends that.
        task_id = eventually(lambda: product.start(account).json().get("task_id"), within=60)
        assert product.job(task_id)["state"] == "CREATED"
        eventually(lambda: not status(product, account)["worker_available"], within=60, every=1)
        assert status(product, account)["is_syncing"] is False
        batch = product.call("POST", "/api/sync/batch", params={"account": account, "batch_size": 100}).json()
    finally:
        product.signal(workers, signal.SIGCONT)

    assert (batch["success"], batch["synced_count"], batch["has_more"]) == (True, 100, True)
    assert product.finished(task_id, within=90)["state"] == "SUCCEEDED"
    assert "Equal." in product.manage("verify_account", mailbox)


def status(product: Product, account: int) -> dict:
    """How the account stands."""
    return product.call("GET", "/api/sync/status", params={"account": account}).json()["accounts"][0]


def open_socket(product: Product) -> ClientConnection:
    """The demo user's socket, as a browser opens it."""
    cookies = "; ".join(f"{name}={value}" for name, value in logged_in(product).cookies.items())
    address = product.address.replace("http", "ws") + "/ws/sync/"
    return connect(address, additional_headers={"Cookie": cookies}, origin=Origin(product.address), open_timeout=10)


def logged_in(product: Product) -> requests.Session:
    """The demo user's browser session."""
    session = requests.Session()
    page = session.get(product.address + "/login/", timeout=60)
    form = {"username": "demo", "password": "demo", "csrfmiddlewaretoken": session.cookies["csrftoken"]}
    answer = session.post(page.url, data=form, headers={"Referer": page.url}, timeout=60)
    assert answer.ok
    return session
