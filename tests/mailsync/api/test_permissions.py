"""Who may do what: one row for every route of the API."""

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from mailsync import schedule, tokens
from mailsync.connect import connect
from mailsync.credentials import user_grant
from mailsync.models import Account
from syncjobs import lifecycle
from syncjobs.models import SyncJob
from syncjobs.states import Trigger
from tests.flows.product import ROOT
from tests.mailsync.api.inhabited import Ids, inhabit

SCHEMA = yaml.safe_load((ROOT / "openapi.yaml").read_text())
OWN = None  # names nothing of anybody: each hears of his own alone

# What the owner hears; what a stranger hears who names the owner's things.
TABLE: dict[str, tuple[int, int | None]] = {
    "GET /api/accounts/": (200, OWN),
    "GET /api/accounts/{id}/": (200, 404),
    "PATCH /api/accounts/{id}/": (200, 404),
    "GET /api/accounts/{id}/certificates/": (200, 404),
    "POST /api/accounts/{id}/confirm-empty/": (202, 404),
    "GET /api/accounts/{id}/failures/": (200, 404),
    "POST /api/accounts/{id}/failures/retry/": (202, 404),
    "POST /api/accounts/{id}/pause/": (200, 404),
    "POST /api/accounts/{id}/resume/": (200, 404),
    "GET /api/accounts/{id}/usage/": (200, 404),
    "GET /api/jobs/": (200, OWN),
    "GET /api/jobs/{task_id}/": (200, 404),
    "POST /api/jobs/{task_id}/cancel/": (202, 404),
    "GET /api/jobs/{task_id}/events/": (200, 404),
    "POST /api/jobs/{task_id}/retry/": (202, 404),
    "GET /api/labels/": (200, 404),
    "GET /api/messages/": (200, 404),
    "GET /api/messages/{gmail_id}/": (200, 404),
    "GET /api/messages/{gmail_id}/attachments/{part_id}/": (200, 404),
    "GET /api/messages/{gmail_id}/changes/": (200, 404),
    "GET /api/messages/{gmail_id}/raw/": (200, 404),
    "POST /api/sync/batch/": (200, 404),
    "GET /api/sync/check/": (200, 404),
    "POST /api/sync/simple/": (202, 404),
    "POST /api/sync/smart/": (202, 404),
    "GET /api/sync/status/": (200, 404),
    "POST /api/sync/today/": (202, 404),
    "POST /api/sync/week/": (202, 404),
    "GET /api/threads/{thread_id}/": (200, 404),
    "GET /api/tokens/": (200, OWN),
    "POST /api/tokens/": (201, OWN),
    "DELETE /api/tokens/{id}/": (204, 404),
    "DELETE /api/accounts/{id}/": (202, 404),  # last: nothing is left of it
}
BODIES = {"PATCH /api/accounts/{id}/": {"interval_seconds": 900}, "POST /api/tokens/": {"label": "new"}}
QUERIES = {"DELETE /api/accounts/{id}/": "?mirror=keep"}
KEPT = ("mailsync_account", "mailsync_message", "mailsync_failure", "mailsync_checkpoint", "syncjobs_syncjob")


def routes(schema: dict[str, Any]) -> set[str]:
    return {f"{verb.upper()} {path}" for path, calls in schema["paths"].items() for verb in calls}


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    assert routes(SCHEMA) == TABLE.keys()
    more = copy.deepcopy(SCHEMA)
    more["paths"]["/api/new/"] = {"get": {}}
    assert routes(more) - TABLE.keys() == {"GET /api/new/"}


@pytest.fixture
def ids(account: Account) -> Ids:
    return inhabit(account)


def call(client: Client, route: str, ids: Ids, query: str = "", **headers: str) -> Any:
    """One call of a row; `query` may name the account."""
    verb, path = route.split(" ")
    address = path.format(**ids.of(path)) + query
    body = json.dumps(BODIES[route]) if route in BODIES else ""
    return client.generic(verb, address, body, content_type="application/json", headers=headers)


def kept() -> dict[str, Any]:
    """Every row of what matters."""
    with connection.cursor() as cursor:
        rows = {}
        for table in KEPT:
            cursor.execute(f"SELECT * FROM {table} ORDER BY 1")
            rows[table] = cursor.fetchall()
        cursor.execute("SELECT id, user_id, label, expires_at FROM mailsync_apitoken ORDER BY 1")
        return rows | {"tokens": cursor.fetchall()}


def answers(client: Client, ids: Ids, query: str = "", **headers: str) -> dict[str, tuple[int, str]]:
    """Status and code of every route."""
    heard = {}
    for route in TABLE:
        answer = call(client, route, ids, query, **headers)
        heard[route] = (answer.status_code, answer.json().get("code", "") if answer.status_code >= 400 else "")
    return heard


def keys_that_open_nothing(anna: User) -> Iterator[str]:
    expired, secret = tokens.issue(anna, "expired", timedelta(days=1))
    type(expired).objects.filter(pk=expired.pk).update(expires_at="2020-01-01T00:00:00Z")
    yield secret
    revoked, secret = tokens.issue(anna, "revoked", None)
    tokens.revoke(revoked)
    yield secret
    idle = User.objects.create_user("idle", is_active=False)
    yield tokens.issue(idle, "of an inactive user", None)[1]
    yield "made-up"


def test_without_a_valid_key_every_route_is_401(anna: User, ids: Ids) -> None:
    refused = [{"authorization": f"Token {secret}"} for secret in keys_that_open_nothing(anna)]
    before = kept()

    assert answers(Client(), ids) == dict.fromkeys(TABLE, (401, "not_authenticated"))
    for headers in refused:
        assert answers(Client(), ids, **headers) == dict.fromkeys(TABLE, (401, "bad_token"))
    signed_in = Client()
    signed_in.force_login(anna)
    User.objects.filter(pk=anna.pk).update(is_active=False)
    assert answers(signed_in, ids) == dict.fromkeys(TABLE, (401, "not_authenticated"))
    assert kept() == before


def test_a_session_without_its_csrf_token_changes_nothing(anna: User, ids: Ids) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(anna)
    before = kept()

    heard = answers(browser, ids)

    for route, (status, _) in TABLE.items():
        assert heard[route] == ((status, "") if route.startswith("GET ") else (403, "csrf_failed")), route
    assert kept() == before


@pytest.mark.parametrize("rank", [{}, {"is_staff": True, "is_superuser": True}], ids=["a stranger", "staff"])
def test_a_stranger_finds_nothing_and_changes_nothing(rank: dict[str, bool], ids: Ids, account: Account) -> None:
    stranger = User.objects.create_user("bob", **rank)
    connect(stranger, "bob@example.com", user_grant("sim-refresh-bob@example.com"))
    client = Client()
    client.force_login(stranger)
    named = {route: expected for route, (_, expected) in TABLE.items() if expected is not OWN}
    before = kept()

    with_account = {route: call(client, route, ids, f"?account={ids.account}") for route in named}
    in_path = {route: call(client, route, ids) for route in named if "{" in route}

    assert {route: answer.status_code for route, answer in with_account.items()} == named
    assert {answer.status_code for answer in in_path.values()} == {404}
    assert kept() == before
    for route in TABLE.keys() - named.keys():
        answer = call(client, route, ids, f"?account={ids.account}")
        assert account.email not in answer.content.decode() and "spare" not in answer.content.decode(), route


@pytest.mark.parametrize("way_in", ["session", "token"])
def test_the_owner_may(anna: User, ids: Ids, account: Account, way_in: str) -> None:
    client, headers = Client(), {}
    if way_in == "session":
        client.force_login(anna)
    else:
        headers = {"authorization": f"Token {tokens.issue(anna, 'main', None)[1]}"}
    heard = {}
    for route in TABLE:
        mine = ids
        end_what_runs(account)
        if route.endswith("/cancel/"):
            job = schedule.request_sync(account, trigger=Trigger.BUTTON).job
            mine = replace(ids, failed=job.task_id)
        heard[route] = call(client, route, mine, QUERIES.get(route, ""), **headers).status_code

    assert heard == {route: status for route, (status, _) in TABLE.items()}


def end_what_runs(account: Account) -> None:
    """So that a start starts."""
    schedule.resume(account)
    for job in SyncJob.objects.active():
        lifecycle.cancel(job, by="anna")
