"""Conversations are paged through once each, at the place of their newest message that matches."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from mailsync.models import Account, Message
from mailsync.search import mail_list
from mailsync.search.conversations import ByConversation, conversations
from tests.mailsync.test_newest import MOMENT, end_early, fill, follow, message


@pytest.fixture
def accounts(db: None) -> list[Account]:
    """Two mailboxes of one user, whose mail shares ids of messages and conversations."""
    owner = User.objects.create_user("eva")
    return [Account.objects.create(owner=owner, email=f"{name}@example.com") for name in ("a", "b")]


def page(accounts: list[Account], query: dict[str, Any], q: str = "") -> dict[str, Any]:
    mail = mail_list(accounts, q=q)
    pages = ByConversation(mail)
    rows = pages.paginate_queryset(mail.rows, Request(APIRequestFactory().get("/mail/", query)))
    return pages.get_paginated_response([(row.account_id, row.gmail_id) for row in rows]).data


def walk(accounts: list[Account], query: dict[str, Any], way: str, q: str) -> list[list[Any]]:
    found = page(accounts, query, q)
    pages = [found["results"]]
    while found[way]:
        found = page(accounts, follow(found[way]), q)
        pages.append(found["results"])
    return [*pages, found]


def thread(accounts: list[Account], threads: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE mailsync_message SET thread_id = {threads}")
        cursor.execute("ANALYZE mailsync_message")


@pytest.mark.parametrize("q", ["", "is:starred", "is:unread", "is:important", "larger:1500", "is:unread OR is:starred"])
@pytest.mark.parametrize("threads", ["gmail_id", "(size % 7)::text", "(size / 9)::text", "(size * size % 501)::text"])
def test_there_and_back_each_conversation_once_by_its_newest_match(
    accounts: list[Account], q: str, threads: str
) -> None:
    """Alone, in seven of a hundred messages, in neighbours, scattered; the oldest third is starred: rare, then dense."""
    labels = "CASE WHEN n >= 500 OR n %% 100 = 0 THEN '{STARRED}' WHEN n %% 2 = 1 THEN '{UNREAD}' ELSE '{INBOX}' END"
    fill(accounts, 750, "%(moment)s::timestamptz - n / 3 * interval '2 minutes'", labels)
    thread(accounts, threads)
    truth: dict[tuple[int, str], tuple[int, str]] = {}
    for row in mail_list(accounts, q=q).found.order_by("-internal_date", "-gmail_id", "-id"):
        truth.setdefault((row.account_id, row.thread_id), (row.account_id, row.gmail_id))

    *forth, last = walk(accounts, {"page_size": 50}, "next", q)

    assert [key for each in forth for key in each] == list(truth.values())
    if len(forth) > 1:
        *back, _ = walk(accounts, follow(last["previous"]), "previous", q)
        assert list(reversed(back)) == forth[:-1]


def test_a_search_that_reads_texts_ends_its_pages_early_and_shows_each_conversation_once(
    accounts: list[Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    end_early(monkeypatch)
    words = "CASE WHEN n %% 60 < 9 THEN ' see you ' ELSE ' you see ' END"
    fill(accounts, 400, "%(moment)s::timestamptz - n * interval '2 minutes'", words=words)
    thread(accounts, "(size % 120)::text")
    q, truth = '"see you"', {}
    for row in mail_list(accounts, q=q).found.order_by("-internal_date", "-gmail_id", "-id"):
        truth.setdefault((row.account_id, row.thread_id), (row.account_id, row.gmail_id))

    *forth, _ = walk(accounts, {"page_size": 10}, "next", q)

    assert [key for each in forth for key in each] == list(truth.values())
    assert [] in forth[:-1] and len(truth) < mail_list(accounts, q=q).found.count()


def test_a_conversation_says_who_wrote_how_much_and_what_marks_it_has(accounts: list[Account]) -> None:
    mine, other = accounts
    told: list[dict[str, Any]] = [
        {"sender_name": "Ann", "labels": ["STARRED"]},
        {"sender_email": "bob@example.com", "labels": ["INBOX", "UNREAD"], "has_attachments": True},
        {"sender_name": "Ann", "sender_email": "ann@example.com"},
        {"sender_name": "Carl", "labels": ["TRASH"]},
        {"sender_name": "Dora", "deleted_at": MOMENT},
    ]
    for number, fields in enumerate(told):
        message(mine, number, MOMENT + timedelta(minutes=number), **fields).save()
    message(mine, 9, thread_id="u", labels=["SPAM"]).save()
    message(other, 1, sender_name="Eva").save()

    found = conversations(list(Message.objects.filter(gmail_id__in=["0" * 15 + "1", "0" * 15 + "9"])))

    together = found.pop((mine.pk, "t"))
    assert (together.size, together.people) == (3, ["Ann", "bob@example.com"])
    assert (together.unread, together.starred, together.has_attachments) == (True, True, True)
    assert list(found) == [(other.pk, "t")]
    assert found[other.pk, "t"].unread is False


def test_the_owner_of_the_mailbox_is_nobody_in_particular(accounts: list[Account]) -> None:
    for number, email in enumerate(["bob@example.com", "A@Example.com", "b@example.com"]):
        message(accounts[0], number, MOMENT + timedelta(minutes=number), sender_email=email, sender_name="").save()
    found = conversations(list(Message.objects.all()[:1]))
    assert found[accounts[0].pk, "t"].people == ["bob@example.com", "", "b@example.com"]
