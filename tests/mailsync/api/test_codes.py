"""One table of error codes: nothing answers a code that is not in it, or under another status."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from rest_framework import exceptions

from mailsync.api.answers import EVERYWHERE, PARTICULAR
from mailsync.api.codes import BY_STATUS, CODES
from mailsync.schedule import AccountGone, Disconnected, Paused, ReconnectNeeded
from syncjobs.errors import NotRetryable
from tests.flows.product import ROOT

SOURCES = [*sorted((ROOT / "mailsync" / "api").rglob("*.py")), *sorted((ROOT / "syncjobs").glob("*.py"))]
SAYS_STATUS_AND_CODE = {"ApiError", "_error"}
BY_KEYWORD = {"AuthenticationFailed", "PermissionDenied", "Conflict", "ValidationError"}
OF_REST_FRAMEWORK = [
    exceptions.ValidationError,
    exceptions.ParseError,
    exceptions.NotAuthenticated,
    exceptions.PermissionDenied,
    exceptions.NotFound,
    exceptions.MethodNotAllowed,
    exceptions.NotAcceptable,
    exceptions.UnsupportedMediaType,
    exceptions.Throttled,
]


def spoken(source: Path) -> Iterator[tuple[int | None, str]]:
    """The codes that a module answers, with the status where it says one."""
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            values = [each.value if isinstance(each, ast.Constant) else None for each in node.args[:2]]
            if node.func.id in SAYS_STATUS_AND_CODE:
                yield (
                    values[0],
                    str(values[1]),
                )  # a code that is no literal could be anything, so it is none of the table
            elif node.func.id == "shape" and values[0] is not None:
                yield None, str(values[0])
            elif node.func.id in BY_KEYWORD:
                yield from ((None, str(each.value)) for each in keywords(node) if isinstance(each, ast.Constant))
        elif isinstance(node, ast.ClassDef):
            yield from default_code(node)


def keywords(call: ast.Call) -> list[ast.expr]:
    return [each.value for each in call.keywords if each.arg == "code"]


def default_code(declared: ast.ClassDef) -> Iterator[tuple[int | None, str]]:
    said = {
        target.id: each.value.value
        for each in declared.body
        if isinstance(each, ast.Assign) and isinstance(each.value, ast.Constant)
        for target in each.targets
        if isinstance(target, ast.Name)
    }
    if "default_code" in said:
        yield said.get("status_code"), str(said["default_code"])


def test_every_code_of_the_sources_stands_in_the_table_under_its_status() -> None:
    found = {(status, code) for source in SOURCES for status, code in spoken(source)}
    assert {"paused", "busy", "bad_token", "already_finished", "idempotency_key_reused"} <= {code for _, code in found}
    assert {code for _, code in found} <= CODES.keys()
    assert [(status, code) for status, code in found if status is not None and CODES[code].status != status] == []


def test_every_code_of_the_table_is_answered_by_something() -> None:
    found = {code for source in SOURCES for _, code in spoken(source)}
    general = {error.default_code for error in OF_REST_FRAMEWORK} | set(BY_STATUS.values())
    refusals = {error.code for error in (NotRetryable, AccountGone, Disconnected, Paused, ReconnectNeeded)}
    assert CODES.keys() - found - general - refusals == set()


@pytest.mark.parametrize("error", OF_REST_FRAMEWORK)
def test_the_framework_s_own_codes_stand_in_the_table(error: type[exceptions.APIException]) -> None:
    assert CODES[str(error.default_code)].status == error.status_code


def test_operations_promise_codes_of_the_table_only() -> None:
    assert {code for codes in [EVERYWHERE, *PARTICULAR.values()] for code in codes} <= CODES.keys()
    assert all(CODES[code].status == status for status, code in BY_STATUS.items())
