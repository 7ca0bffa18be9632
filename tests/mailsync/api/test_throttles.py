"""Nobody can keep the API busy for the others, nor can a Redis that is away."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import get_resolver

from config.settings import API_THROTTLES
from mailsync import tokens
from mailsync.api import throttles
from mailsync.api.throttles import passes_in

START, BATCH, READ = "/api/sync/smart", "/api/sync/batch", "/api/jobs/"


@pytest.fixture(autouse=True)
def whole_circuit() -> Iterator[None]:
    """No test inherits a Redis that another one took away."""
    throttles._broken_until = 0.0
    yield
    throttles._broken_until = 0.0


@pytest.fixture
def anna(db: None) -> User:
    return User.objects.create_user("anna", password="a long phrase")


@pytest.fixture
def limits(settings: Any) -> dict[str, str]:
    settings.API_THROTTLES = {"start": "3/minute", "batch": "2/minute", "read": "5/minute"}
    return settings.API_THROTTLES


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def statuses(client: Client, verb: str, path: str, times: int) -> list[int]:
    return [getattr(client, verb)(path).status_code for _ in range(times)]


def test_the_limits_are_those_that_are_promised(settings: Any) -> None:
    assert API_THROTTLES == {"start": "120/minute", "batch": "20/minute", "read": "6000/minute"}


def test_the_start_after_the_last_allowed_one_is_refused_for_this_user_alone(anna: User, settings: Any) -> None:
    bob, client = User.objects.create_user("bob"), client_of(anna)
    assert statuses(client, "post", START, 120) == [404] * 120  # no account is connected: a call counts all the same
    answer = client.post(START)
    body = answer.json()
    assert (answer.status_code, body["success"], body["code"]) == (429, False, "throttled")
    assert body["message"] and 1 <= int(answer["Retry-After"]) <= 61
    assert client_of(bob).post(START).status_code == 404


def test_starts_batches_and_reads_are_counted_apart(anna: User, limits: Any) -> None:
    client = client_of(anna)
    assert statuses(client, "post", START, 4) == [404, 404, 404, 429]
    assert statuses(client, "post", BATCH, 3) == [404, 404, 429]
    assert statuses(client, "get", READ, 6) == [200] * 5 + [429]


def test_every_start_shares_one_count(anna: User, limits: Any) -> None:
    client = client_of(anna)
    paths = ["/api/sync/simple", "/api/sync/today", "/api/jobs/sync_1_0_0/retry/", "/api/accounts/1/failures/retry/"]
    assert [client.post(path).status_code for path in paths] == [404, 404, 404, 429]


def test_small_changes_count_as_reads_even_where_a_post_starts_something(anna: User, limits: Any) -> None:
    client = client_of(anna)
    assert client.post("/api/jobs/sync_1_0_0/cancel/").status_code == 404
    assert client.patch("/api/accounts/1/").status_code == 404
    assert statuses(client, "options", START, 3) == [200] * 3
    assert client.get(READ).status_code == 429
    assert client.post(START).status_code == 404


def test_a_token_and_a_session_of_one_user_share_the_count(anna: User, limits: Any) -> None:
    _, secret = tokens.issue(anna, "script")
    header = {"authorization": f"Token {secret}"}
    assert statuses(client_of(anna), "post", START, 3) == [404] * 3
    assert Client().post(START, headers=header).status_code == 429


def test_whoever_is_not_signed_in_is_not_counted(db: None, limits: Any) -> None:
    assert statuses(Client(), "get", READ, 7) == [401] * 7


def test_limits_can_be_lifted(anna: User, settings: Any) -> None:
    settings.API_THROTTLES = {}
    assert statuses(client_of(anna), "post", START, 130) == [404] * 130


def test_without_redis_everything_passes(anna: User, limits: Any, settings: Any) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        settings.REDIS_URL = f"redis://127.0.0.1:{unused.getsockname()[1]}/0"
        assert statuses(client_of(anna), "post", START, 5) == [404] * 5


def test_a_redis_that_never_answers_is_asked_once(anna: User, limits: Any, settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        real, settings.REDIS_URL = settings.REDIS_URL, f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        assert statuses(client_of(anna), "post", START, 5) == [404] * 5
        silent.settimeout(5)
        silent.accept()[0].close()
        silent.setblocking(False)
        with pytest.raises(BlockingIOError):  # nobody came again
            silent.accept()
    settings.REDIS_URL = real
    assert throttles._broken_until > time.monotonic() + 5
    throttles._broken_until = 0.0
    assert statuses(client_of(anna), "post", START, 4)[-1] == 429


def test_every_view_that_starts_something_says_so() -> None:
    scopes: dict[str, set[str]] = {}
    for pattern in _patterns(get_resolver("mailsync.api.urls")):
        view = getattr(pattern.callback, "cls", None)
        if hasattr(view, "throttle_scope"):
            scopes.setdefault(view.throttle_scope, set()).add(pattern.name)
    assert scopes == {
        "start": {
            "sync-smart",
            "sync-simple",
            "sync-today",
            "sync-week",
            "failures-retry",
            "job-retry",
            "confirm-empty",
        },
        "batch": {"sync-batch"},
    }


def _patterns(resolver: Any) -> Iterator[Any]:
    for each in resolver.url_patterns:
        yield from _patterns(each) if hasattr(each, "url_patterns") else [each]


@pytest.mark.parametrize(
    ("before", "before_ends_in", "now", "now_ends_in", "seconds"),
    [
        (0, 0, 3, 119.5, 60),  # the first window is full: wait for its end
        (3, 30.0, 2, 90.0, 11),  # one place is free once less than one of the three weighs: 20 s before their end
        (3, 5.0, 3, 65.0, 6),  # full by itself: wait for its end, though the last window ends then, too
        (0, 0, 0, 0, 1),
    ],
)
def test_how_long_to_wait(before: int, before_ends_in: float, now: int, now_ends_in: float, seconds: int) -> None:
    assert passes_in(3, 60, before, before_ends_in, now, now_ends_in) == seconds
