"""Mail that no database holds."""

from datetime import UTC, datetime
from typing import Any

from mailsync.export.originals import Original
from mailsync.models import Message

MOMENT = datetime(2026, 3, 7, 4, 5, 6, tzinfo=UTC)


def message(gmail_id: str = "18a", **fields: Any) -> Message:
    values = {
        "account_id": 1,
        "thread_id": "18a",
        "labels": ["INBOX"],
        "internal_date": MOMENT,
        "size": 10,
        "subject": "Hello",
        "sender_email": "ada@example.com",
    }
    return Message(gmail_id=gmail_id, **{**values, **fields})


def original(raw: bytes, gmail_id: str = "18a", **fields: Any) -> Original:
    return Original(message(gmail_id, **fields), raw)
