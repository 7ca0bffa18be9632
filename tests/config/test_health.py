import runpy
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from config.embedded.home import CHECKOUT
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


def test_the_cookie_of_a_browser_does_not_keep_a_probe_from_its_answer(
    client: Client, django_assert_num_queries: Any
) -> None:
    client.force_login(User.objects.create_user("anna"))
    with django_assert_num_queries(0):  # with the database away it would wait for it, then be told nothing
        assert client.get("/healthz").content == b"ok\n"
    assert set(client.get("/readyz").json()) == {"ready", "checks"}
    assert b"mailsync_up" in client.get("/metrics").content


@pytest.mark.parametrize(("named", "debug"), [(None, False), ("true", True)])
def test_whoever_just_runs_it_sees_no_pages_for_programmers(
    monkeypatch: pytest.MonkeyPatch, named: str | None, debug: bool
) -> None:
    monkeypatch.setenv("MAILSYNC_EMBEDDED", "1")
    monkeypatch.setenv("MAILSYNC_ROLE", "web")
    monkeypatch.delenv("DEBUG", raising=False)
    if named:
        monkeypatch.setenv("DEBUG", named)
    found = runpy.run_path(str(CHECKOUT / "config" / "settings.py"))
    assert (found["DEVELOPMENT"], found["DEBUG"]) == (True, debug)
