"""What is stored of mailboxes."""

from mailsync.models.accounts import Account, Checkpoint, Usage
from mailsync.models.mail import Label, Message, RawMessage
from mailsync.models.passes import Certificate, Failure, Listed
from mailsync.models.people import ApiToken, Preferences

__all__ = [
    "Account",
    "ApiToken",
    "Certificate",
    "Checkpoint",
    "Failure",
    "Label",
    "Listed",
    "Message",
    "Preferences",
    "RawMessage",
    "Usage",
]
