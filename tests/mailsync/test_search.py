import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from django.contrib.auth.models import User

from mailsync.indexing import reindex
from mailsync.models import Account, Label, Message
from mailsync.search import mail_list, search

WHEN = datetime(2026, 11, 1, 0, 0, tzinfo=UTC)


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
            "cc": [{"name": "Eva", "email": "Eva@Example.com"}],
            "attachments": [{"part_id": "1", "filename": "Invoice (17) 发票.PDF", "mime_type": "x/y", "size": 3}],
            "size": 2_000_000,
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
            internal_date=when,
            **{"size": 1, **fields},
        )
    Label.objects.create(account=account, label_id="Label_1", name="Work/My Projects", type="user")
    assert reindex.tick(10) == len(rows)
    return account


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("", {"plain", "file", "star"}),
        ("lunch", {"plain"}),
        ("LUNCH friday", {"plain"}),
        ("friday lunch", {"plain"}),
        ('"lunch on friday"', {"plain"}),
        ('"friday lunch"', set()),
        ("lunch OR invoice", {"plain", "file"}),
        ("{lunch invoice}", {"plain", "file"}),
        ("(lunch friday) OR subject:100%", {"plain", "star"}),
        ("lunch OR invoice has:attachment", {"file"}),
        ("-{lunch invoice}", {"star"}),
        ("-(lunch friday)", {"file", "star"}),
        ("subject:(lunch friday)", {"plain"}),
        ('subject:"lunch on"', {"plain"}),
        ('subject:"on lunch"', set()),
        ("label:work-my-projects", {"file"}),
        ('label:"Work/My Projects"', {"file"}),
        ("filename:pdf", {"file"}),
        ("filename:发票", {"file"}),
        ("filename:(17)", {"file"}),
        ("filename:doc", set()),
        ("filename:size", set()),
        ("larger:1M", {"file"}),
        ("larger:2000000", set()),
        ("smaller:1K", {"plain", "star"}),
        ("after:2026/11/01", {"plain", "file", "star"}),
        ("after:2026-11-02", set()),
        ("before:2026/11/01", set()),
        ("after:1793491230 before:1793491290", {"file"}),
        ("older_than:1d", {"plain", "file", "star"}),
        ("newer_than:1h", set()),
        ("lunch OR in:anywhere", {"plain", "file", "star", "spam", "trash"}),
        ("larger:huge", set()),
        ("after:2026/13/45", set()),
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
        ("to:CARL", {"star"}),
        ("cc:carl", set()),
        ("to:name", set()),  # a key of the JSON that addresses are kept in
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
        ("-in:trash", {"plain", "file", "star"}),
        ("lunch -in:spam", {"plain"}),
        ("lunch AND friday", {"plain"}),
        ("AND lunch AND", {"plain"}),
        ("lunch AND invoice OR friday", {"plain"}),
        ("to:me", {"file"}),
        ("-to:me", {"plain", "star"}),
        ("from:me", set()),
        ("rfc822msgid:1@x in:anywhere", {"trash"}),
        ("nobody:knows", set()),
        ("bob", {"plain"}),  # a part of an address
        ("bob@example.com", {"plain"}),
        ("example@bob.com", set()),
        ("example.com", {"plain", "file", "star"}),
        ("off", {"star"}),
        ("off_er", {"star"}),
        ("lunch & friday", {"plain"}),
        ('"lunch, on & friday!"', {"plain"}),
        ("lunch OR &", {"plain"}),
        ("-lunch -&", {"file", "star"}),
        ("-friday", {"file", "star"}),
        ('-"on friday"', {"file", "star"}),
        ("invoice-17", {"file"}),
        ("invoice-18", set()),
        ("(lunch -friday) OR 发票", {"file"}),
        ("发票.pdf OR (lunch is:unread)", {"plain", "file"}),
    ],
)
def test_operators_find_what_they_find_in_gmail(mail: Account, q: str, found: set[str]) -> None:
    assert {row.gmail_id for row in search(Message.objects.filter(account=mail), q, [mail])} == found


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("operator", ["filename", "subject", "from", "to"])
def test_an_accent_is_found_however_it_was_written_and_however_it_is_asked_for(
    mail: Account, operator: str, form: Literal["NFC", "NFD"]
) -> None:
    """A Mac attaches files whose names have their accents apart."""
    for gmail_id, sent in (("plain", "NFC"), ("file", "NFD")):
        name = unicodedata.normalize(sent, "Résumé.pdf")
        Message.objects.filter(gmail_id=gmail_id).update(
            subject=name,
            sender_name=name,
            to=[{"name": name, "email": ""}],
            has_attachments=True,
            attachments=[{"part_id": "1", "filename": name, "mime_type": "x/y", "size": 3}],
        )
    found = search(Message.objects.all(), unicodedata.normalize(form, f"{operator}:résumé"), [mail])
    assert {row.gmail_id for row in found} == {"plain", "file"}
    assert not search(Message.objects.all(), f"{operator}:rèsumé", [mail])


@pytest.mark.parametrize(
    ("q", "asked"),
    [
        ("lunch", True),
        ("lunch OR invoice", True),
        ("lunch OR is:starred", True),
        ("lunch -friday", True),
        ("(lunch -friday) OR invoice", True),
        ("-friday", False),
        ("lunch OR -friday", False),
        ("lunch OR is:read", False),
        ("lunch OR (is:read -friday)", False),
        ("(lunch OR -friday) OR invoice", False),
    ],
)
def test_the_index_of_words_is_asked_only_where_it_leads_to_all_that_match(mail: Account, q: str, asked: bool) -> None:
    """Else the terms of every row would be made to ask it, which is slow."""
    assert ("mailsync_terms" in str(search(Message.objects.all(), q).query)) is asked


def test_a_label_of_spam_shows_spam_and_leaves_the_search_as_it_is(mail: Account) -> None:
    def found(label: str, q: str) -> set[str]:
        return {row.gmail_id for row in mail_list([mail], label, q).found}

    assert found("SPAM", "") == {"spam"}
    assert found("SPAM", "lunch OR") == {"spam"}
    assert found("SPAM", "OR nothing") == set()
    assert found("INBOX", "lunch") == {"plain"}


@pytest.mark.parametrize(
    "q",
    [
        '"',
        "'",
        "\\",
        "-",
        "--",
        ":",
        "from:",
        "\x00",
        "()",
        "a" * 2_000,
        "x " * 1_000,
        "is:",
        "in:\\",
        '"a" "',
        "🙂",
        "(" * 500,
        "-" * 500,
        "OR OR",
        "subject:(",
        "-(",
        "{a OR",
        ")(",
        'filename:"a',
        "filename:\\",
        'filename:("',
        "larger:999999999999999g",
        "older_than:99999y",
        "after:99999999999",
        "label:(a OR b)",
        "a:b:c",
        "in:{inbox sent",
        "会" * 2_000,
        "会\\",
        "subject:会'\\",
        "filename:会\\",
        "\u3099",
        "\u3164",
        "from:“会",
        "subject：",
        "议" + "\u0301" * 500,
    ],
)
def test_no_query_is_an_error(mail: Account, q: str) -> None:
    everything = Message.objects.filter(account=mail)
    assert set(search(everything, q, [mail])) <= set(everything)
