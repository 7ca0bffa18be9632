from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from mailsync.models import Account, Message
from mailsync.search import search

WHEN = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def mail(db: None) -> Account:
    account = Account.objects.create(owner=User.objects.create_user("eva"), email="eva@example.com")
    rows: dict[str, dict[str, Any]] = {
        "plain": {"subject": "Lunch on Friday", "labels": ["INBOX", "UNREAD"], "sender_email": "bob@example.com"},
        "file": {
            "subject": "Invoice 17",
            "labels": ["INBOX", "Label_1"],
            "has_attachments": True,
            "sender_name": "Zoë Müller",
        },
        "star": {"subject": "100% off_er", "labels": ["STARRED"], "to": [{"name": "", "email": "carl@example.com"}]},
        "spam": {"subject": "Win lunch", "labels": ["SPAM"]},
        "trash": {"subject": "Old lunch", "labels": ["TRASH"], "message_id": "<1@x>"},
        "gone": {"subject": "Gone lunch", "labels": ["INBOX"], "deleted_at": WHEN},
    }
    for number, (gmail_id, fields) in enumerate(rows.items()):
        when = WHEN + timedelta(minutes=number)
        Message.objects.create(
            account=account,
            gmail_id=gmail_id,
            thread_id="t",
            labels_as_of=1,
            history_id=1,
            size=1,
            internal_date=when,
            **fields,
        )
    with connection.cursor() as cursor:
        cursor.execute("UPDATE mailsync_message SET search = to_tsvector('simple', subject)")
    return account


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("", {"plain", "file", "star"}),
        ("lunch", {"plain"}),
        ("LUNCH friday", {"plain"}),
        ('"friday lunch"', {"plain"}),
        ("lunch in:anywhere", {"plain", "spam", "trash"}),
        ("in:spam", {"spam"}),
        ("in:trash", {"trash"}),
        ("in:inbox", {"plain", "file"}),
        ("in:deleted", {"gone"}),
        ("label:spam", {"spam"}),
        ("label:Label_1", {"file"}),
        ("from:bob", {"plain"}),
        ("from:zoë", {"file"}),
        ("to:carl@example.com", {"star"}),
        ("subject:invoice", {"file"}),
        ("subject:100%", {"star"}),
        ("subject:%", {"star"}),
        ("subject:o_f", set()),
        ("is:unread", {"plain"}),
        ("is:read", {"file", "star"}),
        ("is:starred", {"star"}),
        ("has:attachment", {"file"}),
        ("-has:attachment", {"plain", "star"}),
        ("-lunch", {"file", "star"}),
        ("-in:inbox", {"star"}),
        ("rfc822msgid:1@x in:anywhere", {"trash"}),
        ("nobody:knows", set()),
    ],
)
def test_operators_find_what_they_find_in_gmail(mail: Account, q: str, found: set[str]) -> None:
    assert {row.gmail_id for row in search(Message.objects.filter(account=mail), q)} == found


@pytest.mark.parametrize(
    "q",
    ['"', "'", "\\", "-", "--", ":", "from:", "\x00", "()", "a" * 2_000, "x " * 1_000, "is:", "in:\\", '"a" "', "🙂"],
)
def test_no_query_is_an_error(mail: Account, q: str) -> None:
    list(search(Message.objects.filter(account=mail), q))
