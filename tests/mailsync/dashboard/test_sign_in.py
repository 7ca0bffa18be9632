"""The page to sign in."""

from typing import Any

from django.contrib.auth.models import User
from django.test import Client


def test_the_right_password_leads_to_the_page_that_was_wanted(client: Client, anna: User) -> None:
    answer = client.post("/login/?next=/mail/", {"username": "anna", "password": "a long phrase", "next": "/mail/"})
    assert answer["Location"] == "/mail/"


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
