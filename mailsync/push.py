"""Take Gmail's pushed notifications as hints: whoever mirrors the mailbox they name looks for what is new."""

from django.conf import settings

from gmail import pubsub
from gmail.errors import Refused
from mailsync import schedule
from mailsync.models import Account
from syncjobs.states import Trigger

MOST_MIRRORS = 100  # of one mailbox, by different users, that one notification starts


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


def receive(body: bytes) -> int:
    """Start or adopt a sync of each mirror of the mailbox that a push names; how many. Raises Refused.

    The pushed history id is not used: pushes come doubled and out of order, so each sync goes on from its checkpoint.
    """
    email, _history_id = pubsub.decode(body)
    mirrors = Account.objects.scheduled().filter(email=email.lower()).order_by("pk")[:MOST_MIRRORS]
    return sum(_look(account) for account in mirrors)


def _look(account: Account) -> bool:
    try:
        schedule.request_sync(account, trigger=Trigger.PUSH)
    except (schedule.Paused, schedule.ReconnectNeeded):
        return False  # since the query
    return True
