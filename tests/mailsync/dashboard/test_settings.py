"""The page of settings."""

import re

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from mailsync.models import ApiToken, Preferences
from mailsync.tokens import find, issue


def ask(browser: Client, **form: str) -> HttpResponse:
    """Fill in the form for a new token, as the page offers it."""
    once = re.search(r'name="once" value="(\w+)"', browser.get("/settings/").content.decode())
    assert once is not None
    return browser.post("/settings/tokens/", {"once": once[1], **form})


def test_a_page_that_is_reloaded_makes_no_second_token(browser: Client) -> None:
    form = {"label": "x", "days": "0", "once": ask(browser, label="x", days="0").wsgi_request.POST["once"]}
    browser.post("/settings/tokens/", form)
    assert ApiToken.objects.count() == 1


def test_the_language_chosen_is_the_language_of_the_next_page(browser: Client, anna: User) -> None:
    answer = browser.post("/settings/", {"language": "zh-hans", "time_zone": "Asia/Shanghai"}, follow=True)
    assert Preferences.objects.get(user=anna).time_zone == "Asia/Shanghai"
    html = answer.content.decode()
    assert '<html lang="zh-hans">' in html
    assert "已保存。" in html


@pytest.mark.parametrize("choice", [{"language": "xx"}, {"time_zone": "Mars/Olympus"}, {"time_zone": "../etc/passwd"}])
def test_what_is_not_in_the_lists_is_not_kept(browser: Client, choice: dict[str, str]) -> None:
    browser.post("/settings/", choice)
    assert not Preferences.objects.exists()


def test_a_new_token_opens_the_api_and_is_shown_once(browser: Client, anna: User) -> None:
    answer = ask(browser, label="backup", days="90")
    secret = re.search(r'<code class="secret">([^<]+)</code>', answer.content.decode())
    assert secret is not None
    token = find(secret[1])
    assert token is not None
    assert (token.user, token.label) == (anna, "backup")
    assert token.expires_at is not None
    assert "no-store" in answer["Cache-Control"]
    assert secret[1] not in browser.get("/settings/").content.decode()


def test_a_token_may_live_for_ever(browser: Client) -> None:
    ask(browser, label="x", days="0")
    assert ApiToken.objects.get().expires_at is None


def test_a_made_up_lifetime_makes_no_token(browser: Client) -> None:
    ask(browser, label="x", days="99999")
    assert not ApiToken.objects.exists()


def test_the_number_of_tokens_has_a_bound(browser: Client, anna: User) -> None:
    for number in range(50):
        issue(anna, str(number))
    ask(browser, label="one more", days="30")
    assert ApiToken.objects.count() == 50


def test_a_revoked_token_opens_nothing(browser: Client, anna: User) -> None:
    token, secret = issue(anna, "old")
    browser.post(f"/settings/tokens/{token.pk}/revoke/")
    assert find(secret) is None
