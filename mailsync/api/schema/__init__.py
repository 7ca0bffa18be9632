"""The JSON of mail as the OpenAPI schema describes it, by noun."""

from mailsync.api.schema.accounts import AccountAnswer, AccountList, AccountPatch, AccountSchema
from mailsync.api.schema.labels import LabelList, LabelSchema
from mailsync.api.schema.ledgers import (
    CertificateList,
    CertificateSchema,
    FailureList,
    FailureSchema,
    UsageList,
    UsageSchema,
)
from mailsync.api.schema.messages import (
    AddressSchema,
    AttachmentSchema,
    ListedMessage,
    MessageList,
    MessageSchema,
    ThreadSchema,
)
from mailsync.api.schema.syncs import AccountStatus, BatchAnswer, CheckAnswer, SimpleAnswer, StatusAnswer
from mailsync.api.schema.tokens import NewToken, TokenList, TokenRequest, TokenSchema
from syncjobs.schema import StartAnswer

__all__ = [
    "AccountAnswer",
    "AccountList",
    "AccountPatch",
    "AccountSchema",
    "AccountStatus",
    "AddressSchema",
    "AttachmentSchema",
    "BatchAnswer",
    "CertificateList",
    "CertificateSchema",
    "CheckAnswer",
    "FailureList",
    "FailureSchema",
    "LabelList",
    "LabelSchema",
    "ListedMessage",
    "MessageList",
    "MessageSchema",
    "NewToken",
    "SimpleAnswer",
    "StartAnswer",
    "StatusAnswer",
    "ThreadSchema",
    "TokenList",
    "TokenRequest",
    "TokenSchema",
    "UsageList",
    "UsageSchema",
]
