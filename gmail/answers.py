"""Tell from an error answer of Google what went wrong.

Both 403 and 429 may mean "slow down": the reason decides, not the status
(https://developers.google.com/workspace/gmail/api/guides/handle-errors). Gmail sends no Retry-After header: the time,
where there is one, stands in the message text.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from gmail.errors import GmailError, GrantRevoked, HistoryExpired, NotFound, RateLimited, Refused, Scope, Transient

LONGEST_RETRY = 24 * 3600.0
SLOW_DOWN = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded"})
_RETRY_AFTER = re.compile(r"Retry after (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?)\d*(Z|[+-]\d\d:?\d\d)", re.I)
_MESSAGE_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Complaint:
    """Google's error envelope in short: HTTP status, canonical status, reasons of its errors, message."""

    status: int
    canonical: str = ""
    reasons: tuple[str, ...] = ()
    message: str = ""

    @property
    def reason(self) -> str:
        return self.reasons[0] if self.reasons else self.canonical

    def __str__(self) -> str:
        return " ".join(filter(None, (str(self.status), self.reason, self.message)))


def complaint(status: int, body: bytes | str) -> Complaint:
    """Read an error body; what is no JSON envelope leaves only the status."""
    try:
        error: Any = orjson.loads(body)["error"]
        return Complaint(
            status,
            canonical=str(error.get("status", "")),
            reasons=tuple(_reasons(error)),
            message=str(error.get("message", ""))[:_MESSAGE_LENGTH],
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return Complaint(status)


def _reasons(error: dict[str, Any]) -> Iterable[str]:
    for item in [*error.get("errors", ()), *error.get("details", ())]:
        if item.get("reason"):
            yield str(item["reason"])


def as_error(status: int, body: bytes | str, *, now: float, date: str = "", history: bool = False) -> GmailError:
    """The error that an HTTP answer means; `now` is Unix time, `history` tells that history.list was asked.

    `date` is the answer's header: a time that Google names is one of its clock, which ours may not agree with.
    """
    error = _meant(complaint(status, body), now, date, history)
    error.status = status
    return error


def _meant(said: Complaint, now: float, date: str, history: bool) -> GmailError:
    if _slow_down(said):
        theirs = _moment(date, now)
        named = retry_time(said.message, theirs)
        return RateLimited(str(said), retry_at=named and named + now - theirs, scope=_scope(said))
    if said.status == 404:
        return HistoryExpired(str(said)) if history else NotFound(str(said))
    if said.status == 401:
        return GrantRevoked(str(said))
    if said.status >= 500 or said.status in (408, 409) or "failedPrecondition" in (*said.reasons, said.canonical):
        return Transient(str(said))
    if said.canonical == "FAILED_PRECONDITION":
        return Transient(str(said))
    return Refused(str(said), status=said.status, reason=said.reason)


def _moment(date: str, default: float) -> float:
    """The Unix time of a Date header."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return default


def _slow_down(said: Complaint) -> bool:
    if said.status == 429 or said.canonical == "RESOURCE_EXHAUSTED":
        return True
    return said.status == 403 and not SLOW_DOWN.isdisjoint(said.reasons)


def _scope(said: Complaint) -> Scope:
    message = said.message.lower()
    if "too many concurrent" in message:
        return "concurrency"
    if "dailyLimitExceeded" in said.reasons or "per day" in message:
        return "day"
    if "per user" in message or "user-rate" in message or "userRateLimitExceeded" in said.reasons:
        return "user"
    if "per minute" in message or message.startswith("rate limit exceeded"):
        return "project"
    return "user"


def retry_time(message: str, now: float) -> float | None:
    """The Unix time after "Retry after", at most a day away; None when the text names none."""
    found = _RETRY_AFTER.search(message)
    if not found:
        return None
    try:
        moment = datetime.fromisoformat(found[1] + found[2].upper().replace("Z", "+00:00")).timestamp()
    except (ValueError, OverflowError):
        return None
    return min(max(moment, now), now + LONGEST_RETRY)
