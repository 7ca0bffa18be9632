"""The page to sign in."""

import secrets
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from mailsync import tokens
from mailsync.models import AuditEvent


def test_the_right_password_leads_to_the_page_that_was_wanted(client: Client, anna: User) -> None:
    answer = client.post("/login/?next=/mail/", {"username": "anna", "password": "a long phrase", "next": "/mail/"})
    assert answer["Location"] == "/mail/"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"]
)
def test_no_sign_in_leads_elsewhere(client: Client, anna: User, elsewhere: str) -> None:
    answer = client.post("/login/", {"username": "anna", "password": "a long phrase", "next": elsewhere})
    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_a_wrong_password_says_so_and_keeps_the_name(client: Client, anna: User) -> None:
    html = client.post("/login/", {"username": "anna", "password": "wrong"}).content.decode()
    assert 'role="alert"' in html
    assert 'value="anna"' in html
    assert "wrong" not in html


def test_the_demo_login_is_mentioned_only_where_it_exists(client: Client, db: None, settings: Any) -> None:
    settings.EMBEDDED = settings.DEVELOPMENT = True
    assert "<code>demo</code>" not in client.get("/login/").content.decode()
    User.objects.create_user("demo")
    assert "<code>demo</code>" in client.get("/login/").content.decode()
    settings.EMBEDDED = False
    assert "<code>demo</code>" not in client.get("/login/").content.decode()


def test_logging_out_takes_a_form_and_leads_to_the_login(browser: Client) -> None:
    assert browser.get("/logout/").status_code == 405
    assert browser.post("/logout/")["Location"] == "/login/"
    assert browser.get("/").status_code == 302


def attempt(client: Client, password: str, name: str = "anna", **where: Any) -> Any:
    return client.post("/login/", {"username": name, "password": password}, **where)


def test_too_many_wrong_passwords_lock_this_name_at_this_address_only(
    client: Client, anna: User, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    here, there = {"REMOTE_ADDR": "203.0.113.9"}, {"REMOTE_ADDR": "203.0.113.10"}
    assert [attempt(client, "wrong secret", **here).status_code for _ in range(3)] == [200, 200, 429]
    locked = attempt(client, "a long phrase", **here)
    assert (locked.status_code, locked["Retry-After"]) == (429, "900")
    assert "Too many wrong passwords" in locked.content.decode()
    chinese = attempt(client, "a long phrase", **here, HTTP_ACCEPT_LANGUAGE="zh-CN").content.decode()
    assert "密码错误次数过多" in chinese
    for _ in range(5):
        attempt(client, "a long phrase", **here)
    lines = list(AuditEvent.objects.order_by("pk").values_list("action", "actor", "address"))
    assert lines == [("sign_in_failed", "anna", "203.0.113.9")] * 2 + [("sign_in_locked", "anna", "203.0.113.9")]
    User.objects.create_user("bert", password="another phrase")
    assert attempt(Client(), "another phrase", "bert", **here).status_code == 302
    assert attempt(Client(), "a long phrase", **there).status_code == 302
    _, secret = tokens.issue(anna, "script")
    assert client.get("/api/accounts/", headers={"authorization": f"Token {secret}"}, **here).status_code == 200
    kept = str(list(AccessAttempt.objects.values())) + caplog.text
    assert "secret" not in kept and "anna" not in kept


def test_one_password_for_many_names_shuts_the_place_but_not_for_who_was_there_before(
    client: Client, anna: User, settings: Any
) -> None:
    settings.AXES_FAILURE_LIMIT = 1  # so ten from a place
    office, elsewhere = ({"REMOTE_ADDR": place_of_its_own(network)} for network in ("198.18", "198.19"))
    User.objects.create_user("bert", password="another phrase")
    assert attempt(Client(), "a long phrase", **office).status_code == 302
    for number in range(10):
        attempt(client, "Spring2026!", f"user{number}", **office)
    shut = attempt(Client(), "another phrase", "bert", **office)
    assert shut.status_code == 429 and 0 < int(shut["Retry-After"]) <= 900
    assert "several names" in shut.content.decode()
    assert attempt(Client(), "a long phrase", **office).status_code == 302
    assert attempt(Client(), "another phrase", "bert", **elsewhere).status_code == 302
    attempt(client, "Spring2026!", "anna", **office)
    assert AuditEvent.objects.filter(action="sign_in_locked", actor="", address=office["REMOTE_ADDR"]).count() == 1


def test_whoever_has_a_network_of_addresses_has_one_place(client: Client, anna: User, settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT = 1
    network = f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}"
    for number in range(10):
        attempt(client, "Spring2026!", f"user{number}", REMOTE_ADDR=f"{network}::{number}")
    assert attempt(Client(), "a long phrase", REMOTE_ADDR=f"{network}:1:2:3:4").status_code == 429


def place_of_its_own(network: str) -> str:
    """An address that no other test has used: Redis remembers."""
    return f"{network}.{secrets.randbelow(256)}.{secrets.randbelow(256)}"


def test_the_lock_ends(client: Client, anna: User, settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT = 2
    assert [attempt(client, "wrong").status_code for _ in range(2)] == [200, 429]
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert attempt(client, "a long phrase").status_code == 302


def test_the_right_password_makes_the_wrong_ones_forgotten(client: Client, anna: User, settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    assert [attempt(client, "wrong").status_code for _ in range(2)] == [200, 200]
    assert attempt(client, "a long phrase").status_code == 302
    client.post("/logout/")
    assert [attempt(client, "wrong").status_code for _ in range(2)] == [200, 200]


@pytest.mark.parametrize("name", ["", "\x00", "x" * 5000, "名前", "' OR 1=1 --"])
def test_any_name_may_be_tried(client: Client, db: None, name: str) -> None:
    assert attempt(client, "wrong", name).status_code in (200, 400)


def test_a_session_gets_a_new_name_when_it_becomes_somebodys(client: Client, anna: User) -> None:
    client.get("/connect/")
    session = client.session
    session["planted"] = True
    session.save()
    client.cookies["sessionid"] = planted = str(session.session_key)
    assert attempt(client, "a long phrase").status_code == 302
    assert client.cookies["sessionid"].value != planted
    assert not client.session.__class__(planted).load()


def test_a_post_without_its_csrf_token_is_refused(anna: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert attempt(strict, "a long phrase").status_code == 403
    strict.force_login(anna)
    assert strict.post("/logout/").status_code == 403
    assert strict.post("/api/tokens/", {"label": "x"}, content_type="application/json").status_code == 403


def test_the_admin_is_not_for_everybody_and_sends_nobody_in_circles(client: Client, django_user_model: Any) -> None:
    person = django_user_model.objects.create_user("anna")
    assert client.get("/admin/", follow=True).redirect_chain[-1] == ("/login/?next=/admin/", 302)
    client.force_login(person)
    answer = client.get("/admin/", follow=True)
    assert answer.status_code == 403
    assert "You may not open this page." in answer.content.decode()
    person.is_staff = True
    person.save()
    assert client.get("/admin/login/?next=/admin/", follow=True).redirect_chain[-1] == ("/admin/", 302)
