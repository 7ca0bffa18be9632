"""The switch of the language."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from mailsync.models import Preferences


def test_a_visitor_switches_by_cookie(client: Client, db: None) -> None:
    client.post("/language/", {"language": "zh-hans", "next": "/login/"})
    assert '<h1 id="heading">登录</h1>' in client.get("/login/").content.decode()


def test_a_user_switches_the_profile(browser: Client, anna: User) -> None:
    answer = browser.post("/language/", {"language": "zh-hans", "next": "/settings/"})
    assert answer["Location"] == "/settings/"
    assert Preferences.objects.get(user=anna).language == "zh-hans"


def test_the_browser_decides_where_nobody_has_chosen(client: Client, db: None) -> None:
    html = client.get("/login/", headers={"accept-language": "zh-CN,zh;q=0.9"}).content.decode()
    assert '<html lang="zh-hans"' in html


@pytest.mark.parametrize("next_page", ["https://evil.example/", "//evil.example/"])
def test_it_leads_back_only_to_pages_of_our_own(browser: Client, next_page: str) -> None:
    answer = browser.post("/language/", {"language": "en", "next": next_page})
    assert "evil" not in answer["Location"]
