"""A collector hears one trace from the click to Gmail, across processes; what becomes of the collector is nobody's trouble."""

import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collector import Collector, Heard, collecting
from tests.flows.conftest import free_port, unused_mailbox
from tests.flows.product import Gmail, Product, eventually

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as running:
        yield running


@pytest.fixture(scope="module")
def traced(gmail: Gmail, collector: Collector) -> Iterator[Product]:
    """The product, told of the collector."""
    with tempfile.TemporaryDirectory(prefix="mailsync-traces-", ignore_cleanup_errors=True) as directory:
        Path(directory).chmod(0o711)
        started = Product(
            Path(directory) / "home",
            free_port(),
            GOOGLE_BASE_URL=gmail.address,
            GMAIL_USER_UNITS_PER_MINUTE="0",
            GMAIL_PROJECT_UNITS_PER_MINUTE="0",
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.address,
            OTEL_BSP_SCHEDULE_DELAY="500",
        )
        yield started
        started.stop()


def click_of(collector: Collector, task_id: str) -> Heard | None:
    """The span of the HTTP request that began the job."""
    request = next(
        (s for s in list(collector.spans) if s.name == "request" and s.facts["mailsync.job"] == task_id), None
    )
    return next((s for s in list(collector.spans) if request and s.id == request.parent), None)


def test_one_trace_leads_from_the_click_through_two_slices_to_gmail(traced: Product, collector: Collector) -> None:
    task_id = traced.start(traced.connect(unused_mailbox())).json()["task_id"]
    traced.done(task_id, at_least=100)
    for worker in traced.processes("celery", "interactive@"):
        worker.send_signal(signal.SIGTERM)  # a deployment: the slice ends, another goes on
    job = traced.finished(task_id, within=120)
    assert job["state"] == "SUCCEEDED"
    click = eventually(lambda: click_of(collector, task_id), within=30)
    slices = eventually(
        lambda: (
            found
            if len(found := [s for s in collector.of(click.trace) if s.name == "slice"]) > 1
            and found[-1].facts["mailsync.state"] == "SUCCEEDED"
            else None
        ),
        within=30,
    )
    spans = collector.of(click.trace)
    request = next(span for span in spans if span.name == "request")
    assert (click.parent, click.process["mailsync.role"]) == ("", "web")
    assert {span.parent for span in slices} == {request.id}
    assert {span.process["mailsync.role"] for span in slices} == {"worker"}
    asked = [span for span in spans if span.name.startswith("gmail ")]
    assert {span.parent for span in asked} == {span.id for span in slices}
    assert sum(span.facts["mailsync.units"] for span in asked) >= job["stats"]["units"] > 0


def test_a_collector_that_hangs_changes_nothing(traced: Product, collector: Collector) -> None:
    account = traced.connect(unused_mailbox())
    collector.hang()
    try:
        task_id = traced.start(account).json()["task_id"]
        assert collector.asked.wait(60)
        assert traced.finished(task_id, within=120)["state"] == "SUCCEEDED"
        for worker in traced.processes("celery", "interactive@"):
            worker.send_signal(signal.SIGTERM)
        task_id = traced.start(account).json()["task_id"]  # begun by those who come after
        assert traced.finished(task_id, within=120)["state"] == "SUCCEEDED"
        assert click_of(collector, task_id) is None
    finally:
        collector.goes_on.set()
