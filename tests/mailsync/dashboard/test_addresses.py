"""A user's e-mail address: changed by the password with a letter."""

from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from mailsync import letters, links
from mailsync.models import Letter

FORM = {"email": "new@example.com", "password": "a long phrase"}


def path(user: User, address: str = "new@example.com") -> str:
    return "/" + links.new_address(user, address).split("/", 3)[3]


def test_an_address_counts_once_its_letter_is_answered(browser: Client, anna: User) -> None:
    User.objects.update(email="old@example.com")
    browser.post("/settings/email/", FORM)
    anna.refresh_from_db()
    assert anna.email == "old@example.com"
    letters.tick()
    assert mail.outbox[0].to == ["new@example.com"]
    assert path(anna).split("/")[2] in mail.outbox[0].body

    browser.get(path(anna))  # a program that looks at links
    anna.refresh_from_db()
    assert anna.email == "old@example.com"

    confirm = path(anna)
    browser.post(confirm)
    anna.refresh_from_db()
    assert anna.email == "new@example.com"
    letters.tick()
    assert mail.outbox[1].to == ["old@example.com"]
    assert browser.get(confirm).status_code == 410


def test_a_wrong_password_sends_no_letter(browser: Client) -> None:
    assert "This is not your password." in browser.post("/settings/email/", FORM | {"password": "x"}).content.decode()
    assert not Letter.objects.exists()


def test_the_link_of_somebody_else_opens_nothing(browser: Client, anna: User) -> None:
    bert = User.objects.create_user("bert")
    assert browser.post(path(bert)).status_code == 410
    anna.refresh_from_db()
    assert anna.email == ""


def test_a_link_that_was_tampered_with_opens_nothing(browser: Client, anna: User) -> None:
    assert browser.get(path(anna).rstrip("/") + "x/").status_code == 410
