"""The mailbox that the simulator of the embedded default holds for whoever wants to try."""

from django.contrib.auth.models import User

from mailsync.connect import connect
from mailsync.credentials import user_grant
from mailsync.models import Account

MAILBOX = "demo@example.com"


def connect_simulated(owner: User) -> Account:
    """Connect it, as a consent would."""
    return connect(owner, MAILBOX, user_grant(f"sim-refresh-{MAILBOX}"))
