"""Whatever stands in a parameter or a body: a 4xx of the one shape or an answer, never a 500."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from django.contrib.auth.models import User
from django.test import Client

from mailsync.api.codes import CODES
from mailsync.models import Account
from tests.flows.product import ROOT
from tests.mailsync.api.inhabited import Ids, inhabit

SCHEMA = yaml.safe_load((ROOT / "openapi.yaml").read_text())
OPERATIONS = [(verb, path, call) for path, calls in SCHEMA["paths"].items() for verb, call in calls.items()]
PARAMETERS = [
    (verb, path, each)
    for verb, path, call in OPERATIONS
    for each in call.get("parameters", [])
    if each["in"] == "query"
]
NUMBERS = {"", "x", "-1", "0", "1.0", "1e3", "0x1", "٣", "9" * 19, "9" * 400, "true", "null", "[1]", " 1", "1 "}
WORDS = {"x" * 70_000, "%ED%A0%80", "%FF%FE", "%C3%28", "a%0Ab", "%E2%80%AE", "{}", "';--"}
NUL = {"%00", "a%00b"}
# What each parameter takes of the above; all else is 400.
TAKES = {
    "account": set(),
    "after": {"0"},
    "batch_size": set(),
    "cursor": {""},
    "force_full": {"0", "true"},
    "label": (NUMBERS | WORDS) - {"x" * 70_000, "9" * 400},
    "mirror": set(),
    "page_size": set(),
    "q": (NUMBERS | WORDS) - {"x" * 70_000},
    "state": set(),
    "trigger": set(),
    "tz": set(),
}


@pytest.fixture
def browser(anna: User, settings: Any) -> Client:
    settings.API_THROTTLES = {}
    client = Client(raise_request_exception=False)
    client.force_login(anna)
    return client


@pytest.fixture
def ids(account: Account) -> Ids:
    return inhabit(account)


def refusal(answer: Any) -> tuple[int, str, set[str]]:
    """Status, code, wrong fields of an error that has the one shape; its code stands in the table under its status."""
    body = answer.json()
    errors = body.pop("errors", {})
    assert body.keys() == {"success", "code", "message"} and body["success"] is False, body
    assert CODES[body["code"]].status == answer.status_code
    assert bool(errors) == (body["code"] == "invalid")
    return answer.status_code, body["code"], set(errors)


def test_the_table_knows_every_parameter() -> None:
    assert {parameter["name"] for _, _, parameter in PARAMETERS} == TAKES.keys()


def test_every_parameter_refuses_nonsense_in_every_operation_that_has_it(browser: Client, ids: Ids) -> None:
    for verb, path, parameter in PARAMETERS:
        address, name = path.format(**ids.of(path)), parameter["name"]
        for value in sorted(NUMBERS | WORDS | NUL):
            answer = getattr(browser, verb)(f"{address}?{name}={value}")
            if value in TAKES[name]:
                assert answer.status_code < 300, (address, value[:50])
            else:
                assert refusal(answer) == (400, "invalid", {name}), (address, value[:50])
        assert refusal(getattr(browser, verb)(f"{address}?{name}=1&{name}=1")) == (400, "invalid", {name})


def test_what_nobody_knows_is_ignored(browser: Client, ids: Ids) -> None:
    assert browser.get("/api/messages/?page=2&utm_source=x&PAGE_SIZE=0").status_code == 200


def test_a_cursor_of_another_list_is_refused(browser: Client, ids: Ids) -> None:
    lists = [
        path for verb, path, call in OPERATIONS if any(each["name"] == "cursor" for each in call.get("parameters", []))
    ]
    pages = {path: browser.get(path.format(**ids.of(path)) + "?page_size=1").json()["next"] for path in lists}
    cursors = {path: parse_qs(urlsplit(link).query)["cursor"][0] for path, link in pages.items() if link}
    assert len(cursors) >= 3
    for owner, cursor in cursors.items():
        for path in lists:
            answer = browser.get(path.format(**ids.of(path)), {"cursor": cursor})
            assert answer.status_code == 200 if path == owner else refusal(answer) == (400, "invalid", {"cursor"})


def test_words_that_are_no_operators_are_searched_as_words(browser: Client, ids: Ids) -> None:
    queries = [
        "nonsense:x",
        '"unbalanced',
        "(((",
        "OR OR",
        "-",
        "{",
        "a:b:c",
        "before:yesterday",
        "larger:x",
        "\\",
        "%",
        "'",
    ]
    for q in [*queries, "😀", "\ufffe", "a" * 2_000, "( " * 900, "-(" * 900, '"' * 1_999]:
        assert browser.get("/api/messages/", {"q": q}).status_code == 200, q


def test_paths_that_name_nothing_are_404(browser: Client, ids: Ids) -> None:
    for _, path, _ in OPERATIONS:
        for nonsense in (
            "0",
            "9" * 18,
            "9" * 30,
            "-1",
            "1.5",
            "x",
            "%00",
            "%ED%A0%80",
            "..%2f..",
            "root",
            "é",
            "a" * 5_000,
        ):
            if "{" in path:
                address = path.format(**dict.fromkeys(ids.of(path), nonsense))
                assert refusal(browser.get(address))[1] in ("not_found", "method_not_allowed"), address


def test_a_hundred_kilobytes_of_query_are_no_trouble(browser: Client, ids: Ids) -> None:
    assert refusal(browser.get("/api/messages/?q=" + "x" * 100_000))[:2] == (400, "invalid")
    assert refusal(browser.get("/api/messages/?" + "&".join(f"p{n}=1" for n in range(5_000))))[:2] == (
        400,
        "bad_request",
    )


BROKEN = [
    "{",
    "nonsense",
    '{"label": "\\ud800"}',
    '{"label": NaN}',
    "[" * 100_000,
    "\x00",
]
WRONG = [
    "[]",
    "7",
    "null",
    '"text"',
    '{"label": []}',
    '{"label": 7}',
    '{"label": null}',
    '{"label": "a\\u0000b"}',
    '{"label": "%s"}' % ("x" * 101),
    '{"expires_days": "x"}',
    '{"expires_days": 0}',
    '{"expires_days": -1}',
    '{"expires_days": 1.5}',
    '{"expires_days": true}',
    '{"expires_days": 1e999}',
    '{"expires_days": 1%s}' % ("0" * 400),
    '{"interval_seconds": null}',
    '{"interval_seconds": 59}',
    '{"interval_seconds": "600"}',
    '{"policy": "everything"}',
    '{"policy": {"a": 1}}',
    '{"deleted_policy": 1}',
]


def test_bodies_that_are_no_json_are_refused(browser: Client, ids: Ids) -> None:
    for verb, address in (("post", "/api/tokens/"), ("patch", f"/api/accounts/{ids.account}/")):
        for body in BROKEN:
            answer = getattr(browser, verb)(address, body, content_type="application/json")
            assert refusal(answer)[:2] == (400, "parse_error"), body[:50]
        huge = getattr(browser, verb)(address, '{"label": "%s"}' % ("x" * 3_000_000), content_type="application/json")
        assert refusal(huge)[:2] == (413, "too_large")
        for kind in ("text/plain", "application/xml", "multipart/form-data; boundary=x", "nonsense"):
            assert refusal(getattr(browser, verb)(address, "{}", content_type=kind))[:2] == (
                415,
                "unsupported_media_type",
            )


def test_a_form_is_no_body_even_when_its_csrf_token_was_read(anna: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(anna)
    csrf = browser.cookies["csrftoken"] = "x" * 32
    answer = browser.post("/api/tokens/", {"label": "cron", "csrfmiddlewaretoken": csrf})
    assert refusal(answer)[:2] == (415, "unsupported_media_type")


def test_a_field_that_cannot_be_is_named(browser: Client, ids: Ids) -> None:
    for body in WRONG:
        if "interval" in body or "policy" in body:
            answer = browser.patch(f"/api/accounts/{ids.account}/", body, content_type="application/json")
        else:
            answer = browser.post("/api/tokens/", body, content_type="application/json")
        status, code, fields = refusal(answer)
        assert (status, code) == (400, "invalid"), body[:50]
        assert fields and all(field in body or field == "non_field_errors" for field in fields), body[:50]
