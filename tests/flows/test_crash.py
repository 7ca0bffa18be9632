"""Workers die, hang, are stopped in the middle of a sync: it goes on, loses nothing, doubles nothing."""

import signal
import time

import pytest

from tests.flows.conftest import MESSAGES
from tests.flows.product import Gmail, Product, eventually

PAGE = 100


def test_killed_workers_come_back_and_go_on(product: Product, gmail: Gmail, account: int, mailbox: str) -> None:
    task_id = product.start(account).json()["task_id"]
    product.done(task_id, at_least=PAGE)
    product.signal(product.workers(), signal.SIGKILL)
    stood = product.job(task_id)["stats"]["done"]

    eventually(lambda: product.job(task_id)["stats"]["done"] > stood, within=60)

    job = product.finished(task_id, within=60)
    assert job["state"] == "SUCCEEDED"
    gets = gmail.stats()["gets"][mailbox]
    assert len(gets) == MESSAGES
    assert sum(gets.values()) - MESSAGES <= PAGE
    assert "Equal." in product.manage("verify_account", mailbox, "--all")


@pytest.mark.long
def test_a_silent_job_is_replaced_and_a_healthy_old_one_is_not(
    product: Product, gmail: Gmail, account: int, mailbox: str
) -> None:
    old = product.start(account).json()["task_id"]
    product.done(old, at_least=PAGE)
    workers = product.workers()
    product.signal(workers, signal.SIGSTOP)
    try:
        assert product.start(account).json()["task_id"] == old
        time.sleep(13)
        answer = product.start(account)
    finally:
        product.signal(workers, signal.SIGCONT)

    assert answer.status_code == 202
    new = answer.json()["task_id"]
    assert new != old
    assert (product.job(old)["state"], product.job(old)["error"]["code"]) == ("FAILED", "STALE")
    job = product.finished(new, within=90)
    assert job["state"] == "SUCCEEDED"
    assert 0 < job["stats"]["added"] < MESSAGES
    assert "Equal." in product.manage("verify_account", mailbox, "--all")


@pytest.mark.long
def test_a_healthy_job_older_than_the_limit_is_adopted(
    product: Product, gmail: Gmail, account: int, mailbox: str
) -> None:
    gmail.control("latency", latency=0.8)
    try:
        task_id = product.start(account).json()["task_id"]
        time.sleep(13)
        again = product.start(account)
    finally:
        gmail.control("latency", latency=0.1)

    assert (again.status_code, again.json()["task_id"]) == (200, task_id)
    assert product.finished(task_id, within=90)["state"] == "SUCCEEDED"
