"""Passwords: changed by the old one, replaced by a letter."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from mailsync import letters
from mailsync.models import AuditEvent, Letter

NEW = {"new_password1": "another long phrase", "new_password2": "another long phrase"}


@pytest.fixture
def anna(anna: User) -> User:
    anna.email = "anna@example.com"
    anna.save()
    return anna


def link() -> str:
    """The path of the newest letter's link."""
    letters.tick()
    found = re.search(r"http://[^/]+(/\S+)", mail.outbox[-1].body.split("Set it here:")[-1])
    assert found is not None
    return found[1]


def test_a_forgotten_password_is_replaced_by_the_link_of_a_letter_once(client: Client, anna: User) -> None:
    answer = client.post("/password/", {"email": "Anna@Example.com"}, follow=True)
    assert "an e-mail is on its way" in answer.content.decode()
    path = link()
    form = client.get(path, follow=True)
    assert form.status_code == 200
    done = client.post(form.request["PATH_INFO"], NEW)
    assert done["Location"] == "/login/"
    anna.refresh_from_db()
    assert anna.check_password(NEW["new_password1"])
    assert "no longer works" in Client().get(path, follow=True).content.decode()


def test_the_answer_does_not_tell_whether_anybody_has_the_address(client: Client, anna: User) -> None:
    known = client.post("/password/", {"email": "anna@example.com"})
    unknown = client.post("/password/", {"email": "nobody@example.com"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert Letter.objects.count() == 2  # who is meant is asked by whoever sends them


def test_letters_are_not_sent_without_end(client: Client, anna: User, settings: Any) -> None:
    settings.LETTERS_PER_PLACE = "3/hour"
    answers = [
        client.post("/password/", {"email": f"{n}@example.com"}, REMOTE_ADDR="192.0.2.77").status_code for n in range(4)
    ]
    assert answers == [302, 302, 302, 429]


def test_the_link_leads_to_the_public_address_whatever_the_request_says(
    client: Client, anna: User, settings: Any
) -> None:
    settings.ALLOWED_HOSTS, settings.PUBLIC_URL = ["*"], "http://mail.example.com"
    client.post("/password/", {"email": "anna@example.com"}, headers={"host": "evil.example.com"})
    letters.tick()
    assert "http://mail.example.com/password/" in mail.outbox[0].body
    assert "evil" not in mail.outbox[0].body


def test_a_changed_password_ends_every_other_session_and_is_told(browser: Client, anna: User) -> None:
    other = Client()
    other.force_login(anna)
    answer = browser.post("/settings/password/", {"old_password": "a long phrase", **NEW}, follow=True)
    assert "Your password is changed" in answer.content.decode()
    assert browser.get("/").status_code == 200
    assert other.get("/").status_code == 302
    letters.tick()
    assert mail.outbox[0].to == ["anna@example.com"]
    assert AuditEvent.objects.filter(action="password_changed", actor="anna").count() == 1


def test_the_old_password_must_be_right(browser: Client, anna: User) -> None:
    html = browser.post("/settings/password/", {"old_password": "wrong", **NEW}).content.decode()
    assert 'class="wrong"' in html
    anna.refresh_from_db()
    assert anna.check_password("a long phrase")
