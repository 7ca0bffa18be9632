import base64
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from celery import current_app
from django.db import transaction

from syncjobs import dispatch, lifecycle, maintenance
from syncjobs.models import SyncJob
from tests.syncjobs.conftest import Ask


def fresh(job: SyncJob) -> SyncJob:
    return SyncJob.objects.get(pk=job.pk)


@pytest.fixture
def broker(settings: Any) -> Iterator[Any]:
    """broker(url): from now on Celery speaks to this address."""

    def use(url: str) -> None:
        current_app.conf.update(broker_url=url, broker_read_url=url, broker_write_url=url)

    yield use
    use(settings.CELERY_BROKER_URL)


def messages(url: str, queue: str) -> list[list[int]]:
    with redis.Redis.from_url(url, socket_timeout=5) as client:
        bodies = [json.loads(each)["body"] for each in client.lrange(queue, 0, -1)]
    return [json.loads(base64.b64decode(body))[0] for body in bodies]


@pytest.mark.parametrize("queue", ["interactive", "scheduled"])
def test_a_request_rings_in_the_queue_of_its_job(ask: Ask, settings: Any, queue: str) -> None:
    job = ask(queue=queue).job
    assert [job.pk] in messages(settings.REDIS_URL, queue)
    assert (fresh(job).dispatch_count, fresh(job).dispatched_at is not None) == (1, True)


def test_nothing_is_rung_for_what_is_not_committed(ask: Ask, settings: Any) -> None:
    job = ask(ring=False).job
    with transaction.atomic():
        dispatch.ring_after_commit(job.pk)
        assert [job.pk] not in messages(settings.REDIS_URL, "interactive")
        transaction.set_rollback(True)
    assert (fresh(job).dispatched_at, fresh(job).dispatch_count) == (None, 0)


def test_with_the_broker_away_a_request_answers_and_the_job_is_rung_for_later(
    ask: Ask, broker: Any, settings: Any
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        broker(f"redis://127.0.0.1:{unused.getsockname()[1]}/0")
        answer = ask()
    assert answer.created
    assert fresh(answer.job).dispatched_at is None
    broker(settings.CELERY_BROKER_URL)
    assert maintenance.wake() == 0  # nobody waits for a broker that was away a moment ago
    dispatch._broken_until = 0.0
    assert maintenance.wake() == 1
    assert fresh(answer.job).dispatched_at is not None


def test_with_a_broker_that_never_answers_a_request_answers_all_the_same(ask: Ask, broker: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        broker(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        began = time.monotonic()
        answer = ask()
        took = time.monotonic() - began
        assert answer.created and fresh(answer.job).dispatched_at is None
    assert took < 15  # seconds; three on a machine that is not busy, and without a limit for ever


def test_a_ring_for_a_final_job_is_none(ask: Ask) -> None:
    job = lifecycle.cancel(ask().job, by="anna")
    assert not dispatch.ring(job.pk)
