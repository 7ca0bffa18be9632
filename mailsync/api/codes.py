"""Every error code of the API, with its status and its meaning.

A test walks the sources: a code that is answered anywhere stands here. Sources of the general ones: Django REST framework's
exceptions, Django's own refusals.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """What an error code says: its HTTP status, and what a program should make of it."""

    status: int
    meaning: str


CODES = {
    "invalid": Code(400, "A parameter or a field is wrong; `errors` says which, and what it should be."),
    "account_required": Code(400, "You have several accounts: say which one is meant with `account`."),
    "parse_error": Code(400, "The body is no JSON that we read: broken, nested too deeply, or no proper Unicode."),
    "bad_request": Code(400, "The request itself cannot be understood (its host, its number of parameters)."),
    "not_authenticated": Code(401, "Neither a token nor a session came with the request."),
    "bad_token": Code(401, "The token is unknown, revoked, expired, or its user may not sign in any more."),
    "csrf_failed": Code(403, "A session changes something only with a CSRF token (header `X-CSRFToken`)."),
    "permission_denied": Code(403, "This is not allowed to you."),
    "not_found": Code(404, "There is no such thing, or it belongs to somebody else."),
    "no_account": Code(404, "No mailbox is connected yet."),
    "method_not_allowed": Code(405, "This address does not know the method; `Allow` names those that it knows."),
    "not_acceptable": Code(406, "The answer is JSON, which the request's `Accept` refuses."),
    "already_finished": Code(409, "The job is final already."),
    "not_retryable": Code(409, "Only a failed or cancelled job can be started anew."),
    "account_gone": Code(409, "The mailbox that the job was for is no longer connected."),
    "paused": Code(409, "The account rests until it is resumed."),
    "reconnect_needed": Code(409, "Google no longer lets us in, or the mailbox was disconnected: it must be connected anew."),
    "nothing_to_confirm": Code(409, "The last sync did not fail with `suddenly_empty`."),
    "in_progress": Code(409, "The first request with this `Idempotency-Key` is still being answered; `Retry-After` says when."),
    "too_large": Code(413, "The body is longer than anything that this address expects."),
    "unsupported_media_type": Code(415, "The body is not `application/json`."),
    "range_not_satisfiable": Code(416, "The range begins after the end; `Content-Range` says how long the file is."),
    "idempotency_key_reused": Code(422, "This `Idempotency-Key` was used for another request; take a new one."),
    "throttled": Code(429, "Too many requests; `Retry-After` says in how many seconds to come back."),
    "server_error": Code(500, "An error on our side; it has been logged."),
    "busy": Code(503, "Too many batches run at once; `Retry-After` says when to come back."),
    "database_busy": Code(503, "The database is away, or a row is locked for too long; `Retry-After` says when to come back."),
    "gmail_unavailable": Code(503, "Gmail cannot be reached, or its quota is used up; `Retry-After` says when to come back."),
    "sync_failed": Code(503, "The batch failed; `message` says why."),
    "push_not_configured": Code(404, "This installation expects no pushes (`/push/gmail/`)."),
    "forged": Code(403, "The push is not signed by the expected sender (`/push/gmail/`)."),
    "malformed": Code(400, "The push is no notification of Gmail's (`/push/gmail/`)."),
    "keys_unavailable": Code(503, "Google's keys could not be fetched to verify the push (`/push/gmail/`)."),
}  # fmt: skip
BY_STATUS = {
    400: "bad_request",
    401: "not_authenticated",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "too_large",
    415: "unsupported_media_type",
    416: "range_not_satisfiable",
    429: "throttled",
    500: "server_error",
}


def of_status(status: int) -> str:
    """The general code of a status that Django answered by itself; `bad_request` for one that nothing of ours answers."""
    return BY_STATUS.get(status, "bad_request" if status < 500 else "server_error")
