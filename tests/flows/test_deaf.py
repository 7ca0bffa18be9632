"""A worker that is connected, answers a ping, but takes nothing any more: it is noticed and replaced by itself."""

import pytest

from tests.flows.product import Product, eventually

DEAFEN = """
import socket
from config.celery import app

name = f"interactive@{socket.gethostname()}"
told = {"destination": [name], "reply": True, "timeout": 20, "limit": 1}
for queue in ("interactive", f"{name}.dq2"):
    print(app.control.cancel_consumer(queue, **told))
print("hears", app.control.broadcast("active_queues", **told))
print("pings", app.control.broadcast("ping", **told))
"""


@pytest.mark.long
def test_a_worker_that_no_longer_consumes_is_replaced_without_anybody_doing_anything(
    product: Product, account: int
) -> None:
    before = {process.pid for process in product.processes("-Q interactive", "celery")}
    said = product.manage("shell", "-v", "0", "-c", DEAFEN)
    assert "hears [{'interactive@" in said and "pong" in said and ": []}]" in said, said
    task_id = product.start(account).json()["task_id"]
    assert product.finished(task_id, within=60)["state"] == "SUCCEEDED"
    eventually(
        lambda: not before & {process.pid for process in product.processes("-Q interactive", "celery")}, within=30
    )
