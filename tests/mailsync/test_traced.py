"""One trace from the click to each call of Gmail, which holds nothing of the mail, and costs nothing where nobody listens."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

from config import otlp
from mailsync.models import Account
from syncjobs import runner, traces
from syncjobs.models import SyncJob
from syncjobs.states import State
from tests.collector import CLIENT, CONSUMER, SERVER, Collector, Heard, collecting
from tests.mailsync.simulated import Gmail


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as running:
        yield running


@pytest.fixture
def process(collector: Collector, settings: Any) -> Iterator[otlp._Process]:
    """This process tells the collector."""
    settings.MIDDLEWARE = ["mailsync.traced.Traced", *settings.MIDDLEWARE]
    telling = otlp._Process(OTLPSpanExporter(f"{collector.address}/v1/traces"))
    traces.listen(otlp.Telling(telling.provider))
    yield telling
    traces.listen(traces.UNHEARD)
    collector.goes_on.set()
    telling.stop()


def clicked(anna: User, query: str = "") -> SyncJob:
    client = Client()
    client.force_login(anna)
    answer = client.post(f"/api/sync/smart{query}")
    assert answer.status_code == 202, answer.content
    return SyncJob.objects.get(task_id=answer.json()["task_id"])


def ran(job: SyncJob) -> SyncJob:
    while (left := runner.run(job.pk, "a worker")) is not None and left.state == State.RUNNING:
        pass
    return SyncJob.objects.get(pk=job.pk)


def one(spans: list[Heard], name: str) -> Heard:
    [found] = [span for span in spans if span.name == name]
    return found


def test_a_click_is_one_trace_down_to_each_call_of_gmail(
    anna: User, account: Account, gmail: Gmail, collector: Collector, process: otlp._Process
) -> None:
    job = ran(clicked(anna, f"?account={account.pk}"))
    assert job.state == State.SUCCEEDED
    process.stop()
    click = one(collector.spans, "POST /api/sync/smart")
    spans = collector.of(click.trace)
    request, slice_ = one(spans, "request"), one(spans, "slice")
    assert (click.parent, click.kind, click.facts["http.response.status_code"]) == ("", SERVER, 202)
    assert (request.parent, slice_.parent, slice_.kind) == (click.id, request.id, CONSUMER)
    assert request.facts["mailsync.job"] == slice_.facts["mailsync.job"] == job.task_id
    assert (slice_.facts["mailsync.state"], slice_.facts["mailsync.account"]) == ("SUCCEEDED", account.pk)
    asked = [span for span in spans if span.name.startswith("gmail ")]
    assert {"gmail getProfile", "gmail messages.list", "gmail batch", "gmail labels.list"} <= {
        each.name for each in asked
    }
    assert {(each.parent, each.kind, each.facts["http.response.status_code"]) for each in asked} == {
        (slice_.id, CLIENT, 200)
    }
    assert sum(each.facts["mailsync.units"] for each in asked) == job.stats["units"]
    assert sum(each.facts["mailsync.parts"] for each in asked if each.name == "gmail batch") >= 40
    pages = [span for span in spans if span.name == "page"]
    assert pages and {page.parent for page in pages} == {slice_.id}
    assert click.process["mailsync.role"] and click.process["process.pid"]
    told = repr([(span.name, span.facts) for span in collector.spans])
    assert not [word for word in (gmail.email, "@", "?", "sim-", "Bearer", *gmail.ids()) if word in told]


def test_what_fails_is_told_by_its_class_alone(
    anna: User, account: Account, gmail: Gmail, collector: Collector, process: otlp._Process
) -> None:
    gmail.faults({"match": {"method": "messages.list"}, "fault": "503", "times": 1})
    assert ran(clicked(anna, f"?account={account.pk}")).state == State.SUCCEEDED
    process.stop()
    [failed] = [span for span in collector.spans if span.failed]
    assert failed.name == "gmail messages.list"
    assert (failed.facts["error.type"], failed.facts["http.response.status_code"]) == ("Transient", 503)


def test_a_collector_that_hangs_delays_no_slice_and_no_farewell(
    anna: User, account: Account, collector: Collector, process: otlp._Process
) -> None:
    collector.hang()
    with traces.span("before"):
        pass
    sending = threading.Thread(target=process.provider.force_flush, daemon=True)
    sending.start()
    assert collector.asked.wait(30)
    assert ran(clicked(anna, f"?account={account.pk}")).state == State.SUCCEEDED
    process.stop()
    assert sending.is_alive() and not collector.spans


def test_what_nobody_listens_to_leaves_no_mark(anna: User, account: Account) -> None:
    job = clicked(anna, f"?account={account.pk}")
    assert job.trace == "" and traces.here() == ""
