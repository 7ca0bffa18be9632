"""Addresses as Google and browsers want them."""

from typing import Any

import pytest

from mailsync.doctor import configuration, pushes
from mailsync.doctor.registry import Finding, Level


@pytest.fixture(autouse=True)
def real_google(settings: Any) -> None:
    settings.GOOGLE_BASE_URL = ""
    settings.ALLOWED_HOSTS = ["*"]


def one(check: Any) -> Finding:
    return next(iter(check()))


@pytest.mark.parametrize(
    ("url", "level", "words"),
    [
        ("https://mail.example.com", Level.NOTE, "https://mail.example.com/connect/callback/"),
        ("http://localhost:8000", Level.NOTE, "must list exactly this"),
        ("http://127.0.0.1:8000", Level.NOTE, ""),
        ("http://mail.example.com", Level.BAD, "insists on https"),
        ("https://203.0.113.7", Level.BAD, "wants a name"),
    ],
)
def test_where_google_sends_people_back_to(settings: Any, url: str, level: Level, words: str) -> None:
    settings.PUBLIC_URL = url
    found = one(configuration.redirect)
    assert found.level is level and words in found.said + found.mend


@pytest.mark.parametrize(("url", "level"), [("http://mail.example.com", Level.BAD), ("http://127.0.0.1:1", Level.OK)])
def test_pages_need_tls_but_on_this_machine(settings: Any, url: str, level: Level) -> None:
    settings.PUBLIC_URL = url
    assert one(configuration.address).level is level


def test_debug_is_for_this_machine(settings: Any) -> None:
    settings.SECRET_KEY, settings.DEVELOPMENT, settings.PUBLIC_URL = "s" * 50, True, "https://mail.example.com"
    assert "DEBUG is on" in one(configuration.secrets).said
    settings.DEVELOPMENT = False
    assert one(configuration.secrets).level is Level.OK


@pytest.mark.parametrize(
    ("url", "level"),
    [
        ("https://mail.example.com", Level.OK),
        ("http://mail.example.com", Level.BAD),
        ("https://10.0.0.7", Level.BAD),
        ("https://192.168.1.2:8443", Level.BAD),
        ("https://mailserver", Level.BAD),
        ("https://mail.home.local", Level.BAD),
        ("https://127.0.0.1", Level.BAD),
    ],
)
def test_pubsub_pushes_only_to_what_the_internet_can_reach(settings: Any, url: str, level: Level) -> None:
    settings.PUBLIC_URL, settings.GOOGLE_PUBSUB_AUDIENCE = url, url + "/push/gmail/"
    settings.GOOGLE_PUBSUB_TOPIC = "projects/p/topics/gmail"
    settings.GOOGLE_PUBSUB_SERVICE_ACCOUNT = "push@p.iam.gserviceaccount.com"
    assert one(pushes.configured).level is level


def test_an_audience_of_ones_own_is_worth_a_note(settings: Any) -> None:
    settings.PUBLIC_URL, settings.GOOGLE_PUBSUB_AUDIENCE = "https://mail.example.com", "mailsync"
    settings.GOOGLE_PUBSUB_TOPIC = "projects/p/topics/gmail"
    settings.GOOGLE_PUBSUB_SERVICE_ACCOUNT = "push@p.iam.gserviceaccount.com"
    assert [each.level for each in pushes.configured()] == [Level.OK, Level.NOTE]


def test_without_push_nothing_is_to_be_mended(settings: Any) -> None:
    settings.GOOGLE_PUBSUB_TOPIC = settings.GOOGLE_PUBSUB_SERVICE_ACCOUNT = ""
    assert one(pushes.configured).level is Level.OK
