"""What is stored of mailboxes."""

from mailsync.models.accounts import Account, Checkpoint, Usage
from mailsync.models.audit import AuditEvent
from mailsync.models.changes import Change
from mailsync.models.exports import Export
from mailsync.models.leaving import Leaving
from mailsync.models.letters import Invitation, Letter
from mailsync.models.mail import Body, Label, LabelCount, Message, RawMessage
from mailsync.models.notices import Event, Notice, NoticeChoice
from mailsync.models.passes import Certificate, Failure, Listed
from mailsync.models.people import ApiToken, Preferences
from mailsync.models.pictures import Pictures
from mailsync.models.pushes import Pushed, Watch
from mailsync.models.revocations import Revocation
from mailsync.models.second_step import RecoveryCode, SecondStep

__all__ = [
    "Account",
    "ApiToken",
    "AuditEvent",
    "Body",
    "Certificate",
    "Change",
    "Checkpoint",
    "Event",
    "Export",
    "Failure",
    "Invitation",
    "Label",
    "LabelCount",
    "Leaving",
    "Letter",
    "Listed",
    "Message",
    "Notice",
    "NoticeChoice",
    "Pictures",
    "Preferences",
    "Pushed",
    "RawMessage",
    "RecoveryCode",
    "Revocation",
    "SecondStep",
    "Usage",
    "Watch",
]
