"""Invitations: by a superuser, for seven days, for one account."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from mailsync import letters, links
from mailsync.dashboard.invitations import JoinForm, accept, invite
from mailsync.models import AuditEvent, Invitation, Letter
from tests.committed import at_once, transactional_db  # noqa: F401
from tests.mailsync.test_letters import turn

ACCOUNT = {"username": "bert", "password1": "a long phrase", "password2": "a long phrase"}


@pytest.fixture
def root(anna: User) -> User:
    anna.is_superuser = True
    anna.save()
    return anna


def path(invitation: Invitation) -> str:
    return "/" + links.join(invitation).split("/", 3)[3]


def test_whoever_is_invited_makes_an_account_once(browser: Client, root: User, client: Client) -> None:
    browser.post("/invitations/", {"email": "Bert@example.com"})
    invitation = Invitation.objects.get()
    letters.tick()
    assert mail.outbox[0].to == ["bert@example.com"]
    assert client.get(path(invitation)).status_code == 200
    assert client.post(path(invitation), ACCOUNT)["Location"] == "/"
    assert client.get("/").status_code == 200
    bert = User.objects.get(username="bert")
    assert (bert.email, bert.is_staff, bert.is_superuser) == ("bert@example.com", False, False)
    assert Client().post(path(invitation), ACCOUNT | {"username": "carl"}).status_code == 410
    assert User.objects.count() == 2
    written = AuditEvent.objects.filter(action__startswith="invit").order_by("id").values_list("action", "actor")
    assert list(written) == [("invited", "anna"), ("invitation_accepted", "bert")]


def test_a_weak_password_or_a_taken_name_uses_nothing_up(root: User, client: Client) -> None:
    made = invite("bert@example.com", root, "en")
    weak = {"username": "bert", "password1": "12345", "password2": "12345"}
    assert client.post(path(made), weak).status_code == 200
    assert "This name is taken." in client.post(path(made), ACCOUNT | {"username": "ANNA"}).content.decode()
    assert Invitation.objects.exists()


def test_an_invitation_that_is_withdrawn_replaced_or_old_opens_nothing(browser: Client, root: User) -> None:
    first = invite("bert@example.com", root, "en")
    second = invite("bert@example.com", root, "en")
    assert browser.get(path(first)).status_code == 410
    turn(timedelta(days=8))
    assert browser.get(path(second)).status_code == 410
    turn(timedelta())
    browser.post(f"/invitations/{second.pk}/withdraw/")
    assert browser.get(path(second)).status_code == 410
    letters.tick()
    assert mail.outbox == []


def test_only_a_superuser_invites(browser: Client, anna: User) -> None:
    assert browser.get("/invitations/").status_code == 403
    assert browser.post("/invitations/", {"email": "x@example.com"}).status_code == 403
    assert not Letter.objects.exists()


def test_somebody_who_is_here_is_not_invited(browser: Client, root: User) -> None:
    User.objects.create_user("bert", "bert@example.com")
    assert "has this address already" in browser.post("/invitations/", {"email": "BERT@example.com"}).content.decode()


def test_of_two_who_accept_at_once_one_is_too_late(transactional_db: None) -> None:  # noqa: F811
    made = invite("bert@example.com", User.objects.create_superuser("root"), "en")
    forms = [JoinForm(ACCOUNT | {"username": name}) for name in ("bert", "carl")]
    assert all(form.is_valid() for form in forms)
    found = at_once([lambda form=form: accept(made, form) for form in forms])
    assert sorted(type(each).__name__ for each in found) == ["NoneType", "User"]
