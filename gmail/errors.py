"""Name what can go wrong at Gmail."""

from typing import Literal

Scope = Literal["user", "project", "concurrency", "day", "own"]


class GmailError(Exception):
    """An answer or a silence of Google; its text is fit for a log and never holds a token.

    `status` is that of HTTP, 0 where no answer came.
    """

    code = "gmail_error"
    status = 0


class RateLimited(GmailError):
    """Somebody must slow down: Google says so, or our own quota does (scope "own").

    `retry_at` is in Unix seconds, None when unknown; `scope` tells whose allowance is used up.
    """

    code = "rate_limited"

    def __init__(self, message: str, retry_at: float | None = None, scope: Scope = "user") -> None:
        super().__init__(message)
        self.retry_at = retry_at
        self.scope: Scope = scope


class HistoryExpired(GmailError):
    """Gmail no longer holds the history after the given id: the mailbox has to be compared anew."""

    code = "history_expired"


class GrantRevoked(GmailError):
    """The user's consent is gone: only the user can give it again."""

    code = "grant_revoked"


class NotFound(GmailError):
    """Gmail holds no such message or attachment (any more)."""

    code = "not_found"


class Transient(GmailError):
    """The same request may well succeed a little later."""

    code = "transient"


class Refused(GmailError):
    """Google refuses for good; `reason` is Google's word for it."""

    code = "refused"

    def __init__(self, message: str, status: int = 0, reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
