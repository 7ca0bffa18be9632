"""What is counted for the pictures: exact, by the owner's clock, when something changed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from mailsync import pictures
from mailsync.models import Account, Message, Pictures, Preferences
from syncjobs.models import SyncJob
from syncjobs.states import State
from tests.mailsync.dashboard.conftest import connected, job, mail, mailbox  # noqa: F401
from tests.mailsync.test_letters import turn


@pytest.fixture
def anna(db: None) -> User:
    return User.objects.create_user("anna")


def drawn(account: Account) -> dict[str, Any]:
    pictures.tick()
    return dict(Pictures.objects.get(account=account).data)


def test_months_and_hours_go_by_the_clock_of_the_owner(
    anna: User,
    mailbox: Account,  # noqa: F811
    mail: Callable[..., Message],  # noqa: F811
) -> None:
    last_of_january = datetime(2024, 1, 31, 20, 30, tzinfo=UTC)  # a Wednesday; in Shanghai it is Thursday, February
    mail(mailbox, "a1", internal_date=last_of_january)
    mail(mailbox, "a2", internal_date=last_of_january, labels=["SENT"])
    found = drawn(mailbox)
    assert found["months"] == [["2024-01", 1, 1]]
    assert found["hours"] == [[3, 20, 1]]
    Preferences.objects.create(user=anna, time_zone="Asia/Shanghai")
    found = drawn(mailbox)
    assert found["months"] == [["2024-02", 1, 1]]
    assert found["hours"] == [[4, 4, 1]]


def test_deleted_mail_is_in_no_picture_and_spam_counts_for_its_size_alone(
    mailbox: Account,  # noqa: F811
    mail: Callable[..., Message],  # noqa: F811
) -> None:
    mail(mailbox, "a1", sender_email="Carl@example.com", size=5)
    mail(mailbox, "a2", sender_email="carl@example.com", size=6, labels=["INBOX", "UNREAD"])
    mail(mailbox, "a3", sender_email="spammer@example.com", labels=["SPAM"], size=7)
    mail(mailbox, "a4", sender_email="gone@example.com", deleted_at="2024-01-01T00:00Z")
    found = drawn(mailbox)
    assert found["senders"] == [["carl@example.com", "", 2, 11]]
    assert found["labels"] == [["INBOX", "INBOX", 2, 11], ["SPAM", "SPAM", 1, 7]]
    assert found["total"] == [[3, 18]]


def test_syncs_are_counted_by_how_they_ended(mailbox: Account, job: Callable[..., SyncJob]) -> None:  # noqa: F811
    job(mailbox, State.SUCCEEDED, stats={"added": 7})
    job(mailbox, State.SUCCEEDED)
    job(mailbox, State.FAILED)
    job(mailbox, State.CREATED)
    assert [row[1:] for row in drawn(mailbox)["syncs"]] == [[2, 1, 0, 7]]


def test_a_mailbox_is_counted_again_after_it_changed_but_not_all_the_time(mailbox: Account) -> None:  # noqa: F811
    assert pictures.tick() == 1
    assert pictures.tick() == 0
    mailbox.checkpoint.updated_at = datetime.now(UTC) + timedelta(seconds=1)
    mailbox.checkpoint.save()
    assert pictures.tick() == 0
    turn(timedelta(minutes=6))
    assert pictures.tick() == 1
    turn(timedelta(minutes=12))
    assert pictures.tick() == 0


def test_a_success_makes_it_due_within_seconds(mailbox: Account) -> None:  # noqa: F811
    assert pictures.tick() == 1
    Account.objects.update(last_success_at=datetime.now(UTC) + timedelta(seconds=1))
    assert pictures.tick() == 0
    turn(pictures.SHORT_REST + timedelta(seconds=1))
    assert pictures.tick() == 1
    turn(timedelta(minutes=1))
    assert pictures.tick() == 0


def test_a_mailbox_that_takes_long_to_count_rests_long(mailbox: Account) -> None:  # noqa: F811
    pictures.tick()
    Pictures.objects.update(took=timedelta(seconds=3))
    Account.objects.update(last_success_at=datetime.now(UTC) + timedelta(seconds=1))
    mailbox.checkpoint.updated_at = datetime.now(UTC) + timedelta(seconds=1)
    mailbox.checkpoint.save()
    turn(3 * pictures.SHARE * timedelta(seconds=1) - timedelta(seconds=30))
    assert pictures.tick() == 0
    turn(3 * pictures.SHARE * timedelta(seconds=1) + timedelta(seconds=30))
    assert pictures.tick() == 1
    assert timedelta() < Pictures.objects.get().took < timedelta(seconds=3)


def test_a_zone_that_postgres_does_not_know_keeps_nobody_else_from_being_counted(
    anna: User,
    mailbox: Account,  # noqa: F811
    connected: Callable[..., Account],  # noqa: F811
    mail: Callable[..., Message],  # noqa: F811
) -> None:
    mail(mailbox, "a1")
    Preferences.objects.create(user=anna, time_zone="Mars/Olympus")
    other = connected(User.objects.create_user("bert"), "bert@example.com")
    pictures.tick()
    assert Pictures.objects.filter(account=other).exists()
    assert not Pictures.objects.filter(account=mailbox).exists()
