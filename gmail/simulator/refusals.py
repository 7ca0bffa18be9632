"""The errors that Gmail answers, word for word."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime


@dataclass(eq=False)
class Refusal(Exception):
    """An error answer; `status` is HTTP's, `canonical` the name of the code in google.rpc."""

    status: int
    message: str
    reason: str
    canonical: str = ""
    domain: str = "global"
    location: str = ""

    def body(self) -> dict[str, object]:
        """The envelope of every REST error."""
        item = {"message": self.message, "domain": self.domain, "reason": self.reason}
        if self.location:
            item |= {"location": self.location, "locationType": "header"}
        error = {"code": self.status, "message": self.message, "errors": [item], "status": self.canonical}
        return {"error": {key: value for key, value in error.items() if value != ""}}


def not_found() -> Refusal:
    """A missing message, thread, label or attachment, or a history id that is too old."""
    return Refusal(404, "Requested entity was not found.", "notFound", "NOT_FOUND")


def no_such_method() -> Refusal:
    """A path that is no method of the API."""
    return Refusal(404, "Method not found.", "notFound", "NOT_FOUND")


def invalid(message: str) -> Refusal:
    """A parameter that makes no sense."""
    return Refusal(400, message, "invalidArgument", "INVALID_ARGUMENT")


def topic_missing(topic: str) -> Refusal:
    """A watch on a Pub/Sub topic that does not exist."""
    name = topic.rsplit("/", 1)[-1]
    message = f"Error sending test message to Cloud PubSub {topic} : Resource not found (resource={name})."
    return Refusal(404, message, "notFound", "NOT_FOUND")


def topic_forbidden(topic: str) -> Refusal:
    """A watch on a topic on which Gmail may not publish."""
    message = f"Error sending test message to Cloud PubSub {topic} : User not authorized to perform this action."
    return Refusal(403, message, "forbidden", "PERMISSION_DENIED")


def failed_precondition() -> Refusal:
    """The unexplained refusal that goes away by itself."""
    return Refusal(400, "Precondition check failed.", "failedPrecondition", "FAILED_PRECONDITION")


def unauthenticated() -> Refusal:
    """A missing, unknown or expired access token."""
    return Refusal(401, "Invalid Credentials", "authError", "UNAUTHENTICATED", location="Authorization")


def scope_too_small() -> Refusal:
    """The token is good but not for this."""
    message = "Request had insufficient authentication scopes."
    return Refusal(403, message, "insufficientPermissions", "PERMISSION_DENIED")


def metadata_scope(message: str) -> Refusal:
    """What the scope gmail.metadata forbids."""
    return Refusal(403, message, "forbidden", "PERMISSION_DENIED")


def delegation_denied(user: str) -> Refusal:
    """A userId that is not the token's own."""
    return Refusal(403, f"Delegation denied for {user}", "forbidden", "PERMISSION_DENIED")


def too_many_concurrent() -> Refusal:
    """The user's concurrency cap."""
    return Refusal(429, "Too many concurrent requests for user.", "rateLimitExceeded", "RESOURCE_EXHAUSTED")


def exhausted() -> Refusal:
    """The general throttle."""
    message = "Resource has been exhausted (e.g. check quota)."
    return Refusal(429, message, "rateLimitExceeded", "RESOURCE_EXHAUSTED")


def quota_exceeded(scope: str) -> Refusal:
    """The units of a minute are spent; `scope` is "user" or "project"."""
    limit = "Queries per minute per user" if scope == "user" else "Queries per minute"
    message = (
        f"Quota exceeded for quota metric 'Queries' and limit '{limit}' of service 'gmail.googleapis.com' "
        "for consumer 'project_number:424242424242'."
    )
    return Refusal(403, message, "rateLimitExceeded", "PERMISSION_DENIED", "usageLimits")


def retry_after(moment: float) -> Refusal:
    """The throttle that names its end, in the text and nowhere else; `moment` in seconds since 1970."""
    when = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    message = f"User-rate limit exceeded.  Retry after {when}"
    return Refusal(429, message, "userRateLimitExceeded", "RESOURCE_EXHAUSTED", "usageLimits")


def retry_after_forbidden(moment: float) -> Refusal:
    """The same under the other status."""
    return replace(retry_after(moment), status=403, canonical="PERMISSION_DENIED")


def quota_spent() -> Refusal:
    """A reason that Google's interfaces share, and no page about Gmail lists."""
    return Refusal(403, "Quota exceeded.", "quotaExceeded", "PERMISSION_DENIED", "usageLimits")


def user_rate_limit() -> Refusal:
    """The limit as the handbook words it."""
    return Refusal(403, "User Rate Limit Exceeded", "userRateLimitExceeded", "PERMISSION_DENIED", "usageLimits")


def daily_limit() -> Refusal:
    """A cap that the owner of the project has set."""
    return Refusal(403, "Daily Limit Exceeded", "dailyLimitExceeded", "PERMISSION_DENIED", "usageLimits")


def domain_policy() -> Refusal:
    """An administrator has forbidden Gmail's API."""
    message = "The domain administrators have disabled Gmail apps."
    return Refusal(403, message, "domainPolicy", "PERMISSION_DENIED")


def backend(status: int) -> Refusal:
    """Trouble at the server: 500, 502, 503 or 504."""
    return Refusal(status, "Backend Error", "backendError", "UNAVAILABLE" if status == 503 else "INTERNAL")


def too_many_parts(count: int) -> Refusal:
    """A batch of more than 100."""
    message = f"Inner request count exceeds the limit. Received: {count}, Limit: 100"
    return Refusal(400, message, "badRequest", "INVALID_ARGUMENT")
