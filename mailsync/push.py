"""Take Gmail's pushed notifications as hints: whoever mirrors the mailbox they name looks for what is new."""

from django.conf import settings

from gmail import pubsub
from gmail.errors import Refused
from mailsync import pushed, watch
from mailsync.coalesce import Coalescer

MOST_MIRRORS = 100  # of one mailbox, by different users, that one notification starts

_mailboxes = Coalescer()


def is_configured() -> bool:
    """Whether a service account is known whose pushes are believed."""
    return bool(settings.GOOGLE_PUBSUB_SERVICE_ACCOUNT)


def authenticate(authorization: str) -> None:
    """Believe the sender of a push by its Authorization header. Raises Refused; Transient without Google's keys."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise Refused("A push carries a bearer token", status=401, reason="token")
    pubsub.verify(
        token.strip(),
        audience=settings.GOOGLE_PUBSUB_AUDIENCE,
        service_account=settings.GOOGLE_PUBSUB_SERVICE_ACCOUNT,
        base_url=settings.GOOGLE_BASE_URL,
    )


def receive(body: bytes, arrived: float | None = None) -> None:
    """Have each mirror of the mailbox that a push names look for what is new. Raises Refused, TimeoutError.

    `arrived` is when the push came (monotonic): what was begun for another one since then is enough for this one.
    The pushed history id is not used: pushes come doubled and out of order, so each sync goes on from its checkpoint.
    """
    email, _history_id = pubsub.decode(body)
    _mailboxes.run(email.lower(), lambda: _look(email.lower()), arrived)


def _look(email: str) -> None:
    if pushed.hear(email, MOST_MIRRORS):
        watch.heard(email)
