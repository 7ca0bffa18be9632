"""The log of a message over HTTP."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from mailsync.connect import connect
from mailsync.models import Account, Change, Message
from syncjobs.clock import SyncNow

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailbox(anna: User) -> Account:
    return connect(anna, "anna@example.com", "{}")


def note(account: Account, gmail_id: str, kind: str = "labels") -> Change:
    return Change.objects.create(
        account=account, gmail_id=gmail_id, kind=kind, labels_added=["INBOX"], history_id=5, task_id="sync_1_a_1"
    )


def test_the_log_is_paged_newest_first_and_outlives_the_message(browser: Client, mailbox: Account) -> None:
    lines = [note(mailbox, "a1", kind) for kind in ("added", "labels", "deleted")]
    note(mailbox, "a2")

    page = browser.get("/api/messages/a1/changes/?page_size=2").json()

    assert [each["id"] for each in page["results"]] == [lines[2].pk, lines[1].pk]
    assert browser.get(page["next"]).json()["results"] == [
        {
            "id": lines[0].pk,
            "at": lines[0].at.isoformat().replace("+00:00", "Z"),
            "kind": "added",
            "labels_added": ["INBOX"],
            "labels_removed": [],
            "history_id": 5,
            "task_id": "sync_1_a_1",
        }
    ]
    assert browser.get("/api/messages/a1/").status_code == 404  # removed from the mirror


def test_a_message_mirrored_before_there_were_logs_has_an_empty_one(browser: Client, mailbox: Account) -> None:
    values = {"thread_id": "a1", "labels_as_of": 1, "history_id": 1, "size": 1, "internal_date": SyncNow()}
    Message.objects.create(account=mailbox, gmail_id="a1", **values)
    assert browser.get("/api/messages/a1/changes").json() == {"next": None, "previous": None, "results": []}


def test_what_was_never_seen_or_belongs_to_a_stranger_is_not_found(browser: Client, mailbox: Account) -> None:
    theirs = connect(User.objects.create_user("bert"), "bert@example.com", "{}")
    note(theirs, "b1")
    for gmail_id in ("never", "b1"):
        answer = browser.get(f"/api/messages/{gmail_id}/changes/")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert browser.get(f"/api/messages/b1/changes/?account={theirs.pk}").status_code == 404


def test_the_same_id_in_two_mailboxes_is_told_apart(browser: Client, mailbox: Account) -> None:
    other = connect(mailbox.owner, "second@example.com", "{}")
    first, second = note(mailbox, "a1"), note(other, "a1")
    for query, line in (("", first), (f"?account={mailbox.pk}", first), (f"?account={other.pk}", second)):
        assert [each["id"] for each in browser.get(f"/api/messages/a1/changes/{query}").json()["results"]] == [line.pk]
