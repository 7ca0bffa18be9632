"""A Postgres that hangs: its kernel takes what is sent to it, and nothing ever comes back."""

import signal

import psutil
import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.flows.product import Product, eventually

SCRAPE = 10  # seconds: what Prometheus waits, unless told otherwise


def parts(product: Product) -> dict[str, float]:
    """Which parts the scrape could read."""
    text = requests.get(product.address + "/metrics", timeout=SCRAPE).text
    samples = [each for family in text_string_to_metric_families(text) for each in family.samples]
    return {each.labels["part"]: each.value for each in samples if each.name == "mailsync_up"}


@pytest.mark.long
def test_who_asks_how_things_stand_hears_that_the_database_does_not_answer(product: Product) -> None:
    assert parts(product) == {"database": 1, "redis": 1}
    with psutil.Process(product.process.pid).oneshot():
        servers = [each for each in product.processes("postgres") if each.name() == "postgres"]
    assert len(servers) > 1
    product.signal(servers, signal.SIGSTOP)
    try:
        for _ in range(3):
            eventually(lambda: parts(product) == {"database": 0, "redis": 1}, within=5)
        ready = requests.get(product.address + "/readyz", timeout=60)
        assert (ready.status_code, ready.json()["checks"]) == (503, {"database": False})
        assert product.call("GET", "/api/sync/status").status_code == 503
    finally:
        product.signal(servers, signal.SIGCONT)
    eventually(lambda: parts(product) == {"database": 1, "redis": 1}, within=30)
    eventually(lambda: requests.get(product.address + "/readyz", timeout=60).status_code == 200, within=60)
