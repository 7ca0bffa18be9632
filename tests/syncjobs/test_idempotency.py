"""A start that is sent twice starts once."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from syncjobs import keys, lifecycle, registry
from syncjobs.models import IdempotencyKey, SyncJob
from tests.committed import at_once
from tests.syncjobs.conftest import Ask, Turn


@pytest.fixture
def browser(owner: User) -> Client:
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def retry(ask: Ask) -> str:
    """The address that starts a cancelled job anew."""
    job = lifecycle.cancel(ask().job, by="anna")
    return f"/api/jobs/{job.task_id}/retry/"


def post(client: Client, path: str, key: str = "key", **more: Any) -> Any:
    return client.post(path, headers={"idempotency-key": key}, **more)


def test_the_same_request_is_answered_the_same_and_starts_nothing(browser: Client, retry: str) -> None:
    first = post(browser, retry)
    lifecycle.cancel(SyncJob.objects.get(task_id=first.json()["task_id"]), by="anna")
    again = post(browser, retry)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.content == again.content
    assert (first.has_header("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (False, "true")
    assert SyncJob.objects.count() == 2
    assert post(browser, retry, "another key").json()["task_id"] != first.json()["task_id"]


def test_without_the_header_nothing_is_kept(browser: Client, retry: str) -> None:
    assert [browser.post(retry).status_code for _ in range(2)] == [202, 200]
    assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize("change", [{"QUERY_STRING": "a=b"}, {"data": "{}", "content_type": "application/json"}])
def test_the_same_key_for_another_request_is_refused(browser: Client, retry: str, change: dict[str, str]) -> None:
    assert post(browser, retry).status_code == 202
    answer = post(browser, retry, **change)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert post(browser, retry).status_code == 202


def test_a_key_is_one_users_alone(browser: Client, retry: str) -> None:
    first = post(browser, retry)
    stranger = Client()
    stranger.force_login(User.objects.create_user("bob"))
    assert first.status_code == 202
    assert post(stranger, retry).status_code == 404


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\tinside", "é", "\x7f"])
def test_a_key_is_1_to_255_printable_ascii_characters(browser: Client, retry: str, key: str) -> None:
    answer = post(browser, retry, key)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert "Idempotency-Key" in answer.json()["errors"]
    assert SyncJob.objects.count() == 1
    assert post(browser, retry, " ~" + "x" * 253).status_code == 202


def test_the_longest_key_is_one(browser: Client, retry: str) -> None:
    assert [post(browser, retry, "~" * 255).status_code for _ in range(2)] == [202, 202]
    assert SyncJob.objects.active().count() == 1


def test_an_error_may_be_tried_again_with_the_same_key(browser: Client, ask: Ask) -> None:
    job = ask().job
    path = f"/api/jobs/{job.task_id}/retry/"
    assert post(browser, path).json()["code"] == "not_retryable"
    lifecycle.cancel(job, by="anna")
    assert post(browser, path).status_code == 202


def test_a_body_in_which_a_csrf_token_was_looked_for_counts_too(owner: User, retry: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(owner)
    strict.cookies["csrftoken"] = "x" * 32
    headers = {"x-csrftoken": "x" * 32, "idempotency-key": "key"}
    bodies = ('{"a": 1}', '{"a": 1}', '{"a": 2}')
    answers = [strict.post(retry, body, "application/json", headers=headers) for body in bodies]
    assert [each.status_code for each in answers] == [202, 202, 422]


def test_twenty_at_once_with_one_key_are_one_start(owner: User, retry: str) -> None:
    clients = [Client() for _ in range(20)]
    for client in clients:
        client.force_login(owner)
    answers: Any = at_once([lambda client=client: post(client, retry) for client in clients])
    assert SyncJob.objects.count() == 2
    kinds = Counter((each.status_code, each.headers.get("Idempotency-Replayed")) for each in answers)
    assert kinds[202, None] == 1
    assert kinds[202, None] + kinds[202, "true"] + kinds[409, None] == 20
    assert len({each.content for each in answers if each.status_code == 202}) == 1
    for refused in (each for each in answers if each.status_code == 409):
        assert (refused.json()["code"], refused["Retry-After"]) == ("in_progress", "1")


class Killed(BaseException):
    """What stops a process between two statements."""


def test_a_crash_before_the_answer_is_kept_is_followed_by_an_adoption(
    browser: Client, retry: str, turn: Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as crash, pytest.raises(Killed):
        crash.setattr(keys, "answer", die)
        post(browser, retry)
    assert post(browser, retry).json()["code"] == "in_progress"
    turn(timedelta(seconds=61))
    adopted = post(browser, retry)
    assert (adopted.status_code, adopted.json()["created"]) == (200, False)
    assert post(browser, retry).content == adopted.content
    assert SyncJob.objects.count() == 2


def test_a_bug_in_the_start_leaves_the_key_free(browser: Client, retry: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*_: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as bug, pytest.raises(RuntimeError):
        bug.setattr(registry, "kind", stumble)
        post(browser, retry)
    assert post(browser, retry).status_code == 202
