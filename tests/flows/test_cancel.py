"""Cancel while Gmail hangs: the job ends all the same, and the mailbox goes on from where it stood."""

import time

from tests.flows.conftest import MESSAGES
from tests.flows.product import Gmail, Product

GRACE = 4.0  # seconds: two thirds of the lease, which is 6 s in these stories
SWEEP = 5.0
SLACK = 20.0  # for a machine that is busy with other things


def test_a_cancel_ends_a_job_whose_gmail_hangs_and_the_next_one_goes_on_at_once(
    product: Product, gmail: Gmail, account: int, mailbox: str
) -> None:
    """At most grace + one sweep: here 4 + 5 s; with the default lease of 90 s that is 60 + 5 s, well below 90 s."""
    task_id = product.start(account).json()["task_id"]
    product.done(task_id, at_least=100)
    gmail.control("faults", rules=[{"fault": "hang", "match": {"email": mailbox}}])
    try:
        stands_still(product, task_id)
        answer = product.call("POST", f"/api/jobs/{task_id}/cancel/")
        asked_at = time.monotonic()
        cancelled = product.finished(task_id, within=GRACE + SWEEP + SLACK)
        took = time.monotonic() - asked_at
    finally:
        gmail.control("faults", rules=[])
    again = product.start(account)
    final = product.finished(again.json()["task_id"])

    assert answer.status_code == 202, answer.text
    assert cancelled["state"] == "CANCELLED"
    assert took < GRACE + SWEEP + SLACK
    assert (again.status_code, final["state"]) == (202, "SUCCEEDED")
    assert 100 <= cancelled["stats"]["added"] < MESSAGES
    assert final["stats"]["added"] == MESSAGES - cancelled["stats"]["added"]
    assert product.held(account) == [gmail.truth(mailbox)]


def stands_still(product: Product, task_id: str) -> None:
    """Wait until no page comes any more: the worker is waiting for Gmail."""
    before = -1
    while (now := product.job(task_id)["stats"]["done"]) != before:
        before = now
        time.sleep(0.8)
