"""Letters: written as the rows say, once, whatever the mail server does."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection

from config.embedded.ports import free_port
from mailsync import letters
from mailsync.models import Invitation, Letter, Preferences

Kind = Letter.Kind


def turn(span: timedelta) -> None:
    """Until the test's transaction ends it is that much later than it is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('sync.clock_offset', %s, true)", [f"{span.total_seconds()} seconds"])


@pytest.fixture
def reader(db: None) -> User:
    return User.objects.create_user("anna", "Anna@example.com", "a long phrase")


def test_a_reset_goes_to_each_user_of_the_address_and_to_nobody_else(reader: User) -> None:
    User.objects.create_user("second", "anna@example.com", "x")
    User.objects.create_user("gone", "anna@example.com", "x", is_active=False)
    User.objects.create_user("without", "anna@example.com")
    letters.post(Kind.RESET, "anna@example.com")
    assert letters.tick() == 1
    assert sorted(re.findall(r"Hello (\w+)", "".join(sent.body for sent in mail.outbox))) == ["anna", "second"]
    assert {address for sent in mail.outbox for address in sent.to} == {"Anna@example.com", "anna@example.com"}


def test_an_address_of_nobody_gets_nothing(db: None) -> None:
    letters.post(Kind.RESET, "nobody@example.com")
    assert letters.tick() == 1
    assert mail.outbox == []
    assert not Letter.objects.exists()


def test_a_letter_asked_for_five_times_is_sent_once(reader: User) -> None:
    for _ in range(5):
        letters.post(Kind.RESET, "anna@example.com")
    letters.tick()
    letters.tick()
    assert len(mail.outbox) == 1


def test_a_letter_waits_while_the_mail_server_is_away(reader: User, settings: Any) -> None:
    backend = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", free_port()
    letters.post(Kind.RESET, "anna@example.com")
    assert letters.tick() == 0
    settings.EMAIL_BACKEND = backend
    assert letters.tick() == 0
    turn(timedelta(minutes=1))
    assert letters.tick() == 1
    assert len(mail.outbox) == 1


def test_what_could_not_be_sent_within_a_day_is_not_sent_at_all(reader: User) -> None:
    letters.post(Kind.RESET, "anna@example.com")
    turn(timedelta(days=1, minutes=1))
    letters.tick()
    assert mail.outbox == []
    assert not Letter.objects.exists()


def test_the_letters_that_wait_are_bounded(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letters, "MOST_WAITING", 3)
    for number in range(5):
        letters.post(Kind.RESET, f"{number}@example.com")
    assert Letter.objects.count() == 3


def test_a_letter_is_in_the_language_of_its_reader(reader: User) -> None:
    Preferences.objects.create(user=reader, language="zh-hans")
    letters.post(Kind.RESET, "anna@example.com", language="en")
    letters.tick()
    assert "密码" in mail.outbox[0].subject
    assert "anna" in mail.outbox[0].body


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_letter_can_be_written_in_every_language(reader: User, kind: Letter.Kind, language: str) -> None:
    Invitation.objects.create(email="anna@example.com", invited_by=reader, expires_at="2999-01-01T00:00Z")
    letters.post(kind, "anna@example.com", user=None if kind in (Kind.RESET, Kind.INVITATION) else reader)
    Letter.objects.update(language=language)
    letters.tick()
    assert mail.outbox[0].body.strip()
    assert "{" not in mail.outbox[0].body
    assert "%(" not in mail.outbox[0].body
