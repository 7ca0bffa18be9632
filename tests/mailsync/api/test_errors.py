"""Errors have one shape, whoever answers."""

import threading
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client

from mailsync.models import Account
from tests.committed import at_once


@pytest.fixture
def program(anna: User) -> Client:
    """Signed in by session; what is a bug answers 500 here instead of raising."""
    client = Client(raise_request_exception=False)
    client.force_login(anna)
    return client


def code(answer: Any, status: int) -> str:
    """The code of an error that has the one shape."""
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/json")
    body = answer.json()
    assert (
        body["success"] is False
        and isinstance(body["message"], str)
        and body.keys() <= {"success", "code", "message", "errors"}
    )
    return str(body["code"])


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/accounts/-1", "/api/schema/?format=no"])
def test_an_unknown_address_is_json_with_debug_too(program: Client, settings: Any, debug: bool, path: str) -> None:
    settings.DEBUG = debug
    assert code(program.get(path), 404) == "not_found"


def test_an_unknown_host_is_json_with_debug_too(program: Client, settings: Any) -> None:
    settings.DEBUG = True
    assert code(program.get("/api/accounts/", headers={"host": "elsewhere.example"}), 400) == "bad_request"


@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS"])
def test_the_pages_of_the_schema_refuse_other_methods(program: Client, method: str) -> None:
    answer = program.generic(method, "/api/docs/")
    assert code(answer, 405) == "method_not_allowed"
    assert "GET" in answer["Allow"]


def test_an_unknown_page_stays_a_page(program: Client) -> None:
    assert program.get("/nothing/")["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("body", ['{"policy": "\\ud800"}', '{"\\udfff": 1}', "[" * 100_000, '{"a":' * 100_000, "{"])
def test_json_that_is_no_text_or_too_deep_is_a_bad_request(program: Client, anna: User, body: str) -> None:
    account = Account.objects.create(owner=anna, email="a@example.com")
    answer = program.patch(f"/api/accounts/{account.pk}/", body, content_type="application/json")
    assert code(answer, 400) == "parse_error"


def test_a_body_that_is_too_large_says_so(program: Client, anna: User) -> None:
    account = Account.objects.create(owner=anna, email="a@example.com")
    body = '{"policy": "%s"}' % ("x" * 2_000_000)
    answer = program.patch(f"/api/accounts/{account.pk}/", body, content_type="application/json")
    assert code(answer, 413) == "too_large"


def test_a_missing_csrf_token_has_its_own_code(anna: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(anna)
    assert code(client.post("/api/sync/smart"), 403) == "csrf_failed"


def test_a_row_that_is_locked_for_too_long_asks_to_come_back(program: Client, anna: User) -> None:
    account = Account.objects.create(owner=anna, email="a@example.com", credentials="{}")
    held, answered = threading.Event(), threading.Event()

    def hold() -> list[int]:
        with transaction.atomic():
            found = list(Account.objects.select_for_update().filter(pk=account.pk).values_list("pk", flat=True))
            held.set()
            answered.wait(20)
            return found

    def click() -> Any:
        held.wait(20)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        try:
            return program.post("/api/sync/smart")
        finally:
            answered.set()

    _, answer = at_once([hold, click])
    assert code(answer, 503) == "database_busy"
    assert int(answer["Retry-After"]) > 0  # type: ignore[index]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_an_address_that_leads_nowhere_is_404_by_every_method(method: str) -> None:
    answer = getattr(Client(enforce_csrf_checks=True), method)("/api/accounts/none/pause/")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
