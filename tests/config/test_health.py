import pytest
from django.test import Client

from syncjobs import liveness
from syncjobs.states import QUEUES

pytestmark = pytest.mark.django_db


def test_a_process_that_answers_is_alive(client: Client) -> None:
    assert client.get("/healthz").status_code == 200


def test_without_workers_and_beat_nothing_is_ready(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False,
        "checks": {
            "database": True,
            "migrations": True,
            "redis": True,
            "beat": False,
            "worker_interactive": False,
            "worker_scheduled": False,
            "worker_control": False,
        },
    }


def test_all_parts_together_are_ready(client: Client) -> None:
    for name in (liveness.BEAT, *map(liveness.queue_name, QUEUES)):
        liveness.seen(name)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)
