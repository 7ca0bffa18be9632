"""The log of what was done: by whom, complete, and never changed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.test import Client, RequestFactory

from mailsync import audit, tokens
from mailsync.connect import connect
from mailsync.disconnect import disconnect
from mailsync.models import Account, AuditEvent

LIST = "/admin/mailsync/auditevent/"
pytestmark = pytest.mark.django_db


def lines() -> list[tuple[str, str, int | None]]:
    """(action, by, mailbox), oldest first."""
    return list(AuditEvent.objects.order_by("pk").values_list("action", "actor", "mailbox"))


@pytest.fixture
def anna(db: None) -> User:
    return User.objects.create_user("anna", password="a long phrase")


def test_the_life_of_a_mailbox_is_written_down(anna: User) -> None:
    account = connect(anna, "anna@example.com", "{}")
    connect(anna, "anna@example.com", "{}", by="manage.py")
    Account.objects.update(credentials="")
    audit.record("exported", by=anna, mailbox=account, form="mbox", messages=3)
    assert lines() == [
        ("connected", "anna", account.pk),
        ("reconnected", "manage.py", account.pk),
        ("exported", "anna", account.pk),
    ]
    assert AuditEvent.objects.latest("pk").details == {"form": "mbox", "messages": 3}


def test_letting_go_of_a_mailbox_is_written_down(transactional_db: None) -> None:
    account = connect(User.objects.create_user("bert"), "b@example.com", "{}")
    disconnect(account, by="bert", erase=True)
    assert lines()[1:] == [("disconnected", "bert", account.pk)]
    assert AuditEvent.objects.latest("pk").details == {"mirror": "erase"}


def test_tokens_are_written_down_without_their_secrets(anna: User) -> None:
    token, secret = tokens.issue(anna, "cron")
    tokens.revoke(token, by="root")
    assert [line[:2] for line in lines()] == [("token_made", "anna"), ("token_revoked", "root")]
    assert secret not in str(list(AuditEvent.objects.values()))


def test_sign_ins_are_written_down_with_where_from_and_no_password(anna: User, client: Client) -> None:
    where = {"REMOTE_ADDR": "203.0.113.9"}
    client.post("/login/", {"username": "anna", "password": "wrong secret"}, **where)
    client.post("/login/", {"username": "typed secret here", "password": "x"}, **where)
    client.post("/login/", {"username": "anna", "password": "a long phrase"}, **where)
    client.post("/logout/", **where)
    assert [line[:2] for line in lines()] == [
        ("sign_in_failed", "anna"),
        ("sign_in_failed", ""),
        ("signed_in", "anna"),
        ("signed_out", "anna"),
    ]
    assert set(AuditEvent.objects.values_list("address", flat=True)) == {"203.0.113.9"}
    assert "secret" not in str(list(AuditEvent.objects.values()))


def test_a_command_says_that_it_was_one(anna: User, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_api_token", "anna")
    assert lines() == [("token_made", "manage.py", None)]


@pytest.mark.parametrize("address", ["", "a socket", None])
def test_a_request_from_nowhere_is_written_down_without_an_address(address: str | None) -> None:
    request = RequestFactory().get("/")
    request.META["REMOTE_ADDR"] = address or ""
    assert audit.record("invited", request=request).address is None


def test_what_has_no_words_is_not_written_down() -> None:
    with pytest.raises(KeyError):
        audit.record("did_something")


def test_what_is_rolled_back_was_not_done(transactional_db: None) -> None:
    from django.db import transaction

    with pytest.raises(RuntimeError), transaction.atomic():
        audit.record("invited", by="anna")
        raise RuntimeError
    assert not lines()


@pytest.mark.parametrize(
    "statement", ["UPDATE mailsync_auditevent SET actor = 'nobody'", "DELETE FROM mailsync_auditevent"]
)
def test_the_database_refuses_to_change_the_log(statement: str) -> None:
    audit.record("invited", by="anna")
    with pytest.raises(IntegrityError, match="only added to"), connection.cursor() as cursor:
        cursor.execute(statement)


def test_only_lines_of_more_than_a_year_are_pruned(transactional_db: None, turn: Callable[[timedelta], None]) -> None:
    audit.record("invited", by="anna")
    turn(timedelta(days=364))
    audit.record("invited", by="bert")
    assert audit.prune() == 0
    turn(timedelta(days=366))
    assert audit.prune() == 1
    assert [actor for _, actor, _ in lines()] == ["bert"]


def test_the_admin_shows_it_filters_it_and_changes_nothing(admin_client: Client, admin_user: User) -> None:
    account = connect(admin_user, "anna@example.com", "{}")
    audit.record("invited", by="bert", to="carl@example.com")
    first = AuditEvent.objects.earliest("pk").pk
    html = admin_client.get(LIST).content.decode()
    assert "Mailbox connected" in html and "anna@example.com" in html and "User invited" in html
    html = admin_client.get(f"{LIST}?action=invited").content.decode()
    assert "carl@example.com" in html and "anna@example.com" not in html
    html = admin_client.get(f"{LIST}?q={account.pk}").content.decode()
    assert "anna@example.com" in html and "carl@example.com" not in html
    assert admin_client.get(f"{LIST}{first}/change/").status_code == 200
    assert admin_client.post(f"{LIST}{first}/change/", {"actor": "x"}).status_code == 403
    assert admin_client.post(f"{LIST}{first}/delete/", {"post": "yes"}).status_code == 403
    assert admin_client.get(f"{LIST}add/").status_code == 403


def test_the_admin_speaks_chinese(admin_client: Client) -> None:
    audit.record("keys_rotated", by="manage.py")
    answer: Any = admin_client.get(LIST, headers={"accept-language": "zh-CN"})
    assert "加密密钥已轮换" in answer.content.decode()
