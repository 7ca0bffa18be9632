import json
from typing import Any

import pytest

from gmail import answers
from gmail.errors import GmailError, GrantRevoked, HistoryExpired, NotFound, RateLimited, Refused, Transient

NOW = 1_789_000_000.0


def body(
    code: int, message: str = "", reason: str = "", domain: str = "global", status: str = "", **more: Any
) -> bytes:
    errors = [{"message": message, "domain": domain, "reason": reason}] if reason else []
    return json.dumps(
        {"error": {"code": code, "message": message, "errors": errors, "status": status, **more}}
    ).encode()


def error(code: int, *args: Any, history: bool = False, **options: Any) -> GmailError:
    return answers.as_error(code, body(code, *args, **options), now=NOW, history=history)


@pytest.mark.parametrize(
    ("code", "message", "reason", "scope"),
    [
        (429, "Too many concurrent requests for user.", "rateLimitExceeded", "concurrency"),
        (429, "Resource has been exhausted (e.g. check quota).", "rateLimitExceeded", "user"),
        (403, "User Rate Limit Exceeded", "userRateLimitExceeded", "user"),
        (403, "Rate Limit Exceeded", "rateLimitExceeded", "project"),
        (403, "Daily Limit Exceeded", "dailyLimitExceeded", "day"),
        (
            403,
            "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user' of service "
            "'gmail.googleapis.com' for consumer 'project_number:1'.",
            "rateLimitExceeded",
            "user",
        ),
        (
            403,
            "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute' of service "
            "'gmail.googleapis.com' for consumer 'project_number:1'.",
            "rateLimitExceeded",
            "project",
        ),
    ],
)
def test_a_limit_is_told_by_its_reason_whether_403_or_429(code: int, message: str, reason: str, scope: str) -> None:
    found = error(code, message, reason, "usageLimits")
    assert isinstance(found, RateLimited)
    assert found.scope == scope


def test_a_403_of_another_reason_is_final() -> None:
    found = error(403, "The domain administrators have disabled Gmail apps.", "domainPolicy")
    assert isinstance(found, Refused)
    assert (found.status, found.reason) == (403, "domainPolicy")


def test_a_403_whose_only_hint_is_the_canonical_status_is_a_limit() -> None:
    assert isinstance(error(403, "Slow down", status="RESOURCE_EXHAUSTED"), RateLimited)


def test_a_missing_scope_names_its_reason() -> None:
    found = error(403, "Request had insufficient authentication scopes.", "insufficientPermissions")
    assert isinstance(found, Refused) and found.reason == "insufficientPermissions"


def test_the_retry_time_is_read_from_the_text() -> None:
    found = error(429, "User-rate limit exceeded.  Retry after 2026-09-10T00:26:50.500Z", "rateLimitExceeded")
    assert isinstance(found, RateLimited)
    assert found.retry_at == 1_789_000_010.5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Retry after 2026-09-10T00:26:50Z", NOW + 10),
        ("retry after 2026-09-10T02:26:50+02:00", NOW + 10),
        ("Retry after 2020-01-01T00:00:00Z", NOW),
        ("Retry after 2999-01-01T00:00:00Z", NOW + answers.LONGEST_RETRY),
        ("Retry after 2026-99-99T00:00:00Z", None),
        ("Retry after tea", None),
        ("", None),
    ],
)
def test_a_retry_time_lies_between_now_and_tomorrow(text: str, expected: float | None) -> None:
    assert answers.retry_time(text, NOW) == expected


@pytest.mark.parametrize("wrong", [-600, 600])
@pytest.mark.parametrize("date", ["Thu, 10 Sep 2026 00:26:40 GMT", "", "tea"])
def test_the_time_that_google_names_is_one_of_its_clock(wrong: int, date: str) -> None:
    """A worker whose clock is ten minutes off waits as long as any other; without the header it must believe its own."""
    said = body(429, "User-rate limit exceeded.  Retry after 2026-09-10T00:27:10Z", "rateLimitExceeded")
    found = answers.as_error(429, said, now=NOW + wrong, date=date)
    assert isinstance(found, RateLimited) and found.retry_at is not None
    assert found.retry_at - (NOW + wrong) == (30 if date.endswith("GMT") else max(30 - wrong, 0))


def test_404_means_the_history_for_history_and_the_message_elsewhere() -> None:
    assert isinstance(error(404, "Requested entity was not found.", "notFound", history=True), HistoryExpired)
    assert isinstance(error(404, "Requested entity was not found.", "notFound"), NotFound)


def test_401_means_that_the_grant_is_gone() -> None:
    assert isinstance(error(401, "Invalid Credentials", "authError"), GrantRevoked)


@pytest.mark.parametrize("code", [408, 500, 502, 503, 504])
def test_server_trouble_passes(code: int) -> None:
    assert isinstance(answers.as_error(code, b"<html>oops</html>", now=NOW), Transient)


@pytest.mark.parametrize("hint", [{"reason": "failedPrecondition"}, {"status": "FAILED_PRECONDITION"}])
def test_a_failed_precondition_passes(hint: dict[str, str]) -> None:
    assert isinstance(error(400, "Precondition check failed.", **hint), Transient)


def test_a_bad_request_is_final() -> None:
    found = error(400, "Invalid id value", "invalidArgument", status="INVALID_ARGUMENT")
    assert isinstance(found, Refused)
    assert str(found) == "400 invalidArgument Invalid id value"


@pytest.mark.parametrize(
    "junk", [b"", b"[]", b"null", b'{"error": "text"}', b'{"error": {"errors": 5}}', b'{"error": {"errors": ["x"]}}']
)
def test_an_unreadable_body_leaves_the_status(junk: bytes) -> None:
    assert answers.complaint(418, junk) == answers.Complaint(418)


def test_a_long_message_is_cut() -> None:
    assert len(answers.complaint(400, body(400, "x" * 10_000)).message) == 300
