"""The form on what a user wants to hear of."""

from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from mailsync.models import Account, Notice, NoticeChoice


def test_what_was_chosen_is_kept_and_shown(anna: User, browser: Client, settings: Any) -> None:
    settings.WEBHOOK_SECRET = "the secret"
    assert browser.get("/settings/").content.decode().count('name="events"') == 4
    chosen = {"events": ["failed", "nonsense"], "webhook_url": " https://hooks.example.com/x "}
    html = browser.post("/settings/notifications/", chosen, follow=True).content.decode()
    row = NoticeChoice.objects.get(user=anna)
    assert (row.events, row.mail, row.webhook_url) == (["failed"], False, "https://hooks.example.com/x")
    assert 'value="failed" checked' in html and 'value="recovered">' in html and "whsec_" in html


def test_an_address_that_makes_no_sense_is_refused_with_the_reason(anna: User, browser: Client) -> None:
    html = browser.post("/settings/notifications/", {"webhook_url": "file:///etc/passwd"}, follow=True).content.decode()
    assert "must begin with https:// or http://" in html
    assert not NoticeChoice.objects.exists()


def test_a_test_goes_every_way_once_a_minute(anna: User, browser: Client) -> None:
    assert (
        "There is no way to tell you anything"
        in browser.post("/settings/notifications/test/", follow=True).content.decode()
    )
    anna.email = "anna@example.org"
    anna.save()
    answers = [browser.post("/settings/notifications/test/", follow=True).content.decode() for _ in range(3)]
    assert "A test is on its way." in answers[0] and "Wait a minute." in answers[2]
    assert 1 <= Notice.objects.count() <= 2  # a minute may end in between


def test_what_became_of_each_is_told_in_words(anna: User, browser: Client) -> None:
    Notice.objects.create(user=anna, event="test", way="webhook", dedupe_key="1", trouble="http_503")
    Notice.objects.create(user=anna, event="test", way="webhook", dedupe_key="2", trouble="private_address")
    html = browser.get("/settings/").content.decode()
    assert "the other side answered 503" in html and "the address belongs to an inner network" in html


def test_a_stranger_sees_none_of_it(browser: Client, strangers: Account) -> None:
    Notice.objects.create(user=strangers.owner, account=strangers, event="failed", way="mail", dedupe_key="x")
    assert "bert@example.com" not in browser.get("/settings/").content.decode()
