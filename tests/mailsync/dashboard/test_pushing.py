"""What the page of a mailbox, the back office say of push."""

from datetime import timedelta
from typing import Any

import pytest
import redis
from django.test import Client
from django.utils import timezone

from mailsync import push_counts
from mailsync.dashboard import pushing
from mailsync.models import Account, Watch
from syncjobs.clock import SyncNow

NOW = timezone.now()
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def topic(settings: Any) -> None:
    settings.GOOGLE_PUBSUB_TOPIC = "projects/p/topics/gmail"


@pytest.mark.parametrize(
    ("watch", "said"),
    [
        (None, "Not on yet"),
        (Watch(), "Not on yet"),
        (Watch(trouble="topic_missing", due_at=NOW), "Google knows no such Pub/Sub topic. Next try: "),
        (Watch(trouble="topic_permission", due_at=None), "Gmail may not publish on the Pub/Sub topic."),
        (Watch(expires_at=NOW + HOUR), "On, renewed daily; nothing heard yet."),
        (Watch(expires_at=NOW + HOUR, heard_at=NOW), "On, renewed daily; last heard "),
        (Watch(expires_at=NOW - HOUR, trouble="grant", due_at=None), "Lapsed since "),
    ],
)
def test_a_sentence_says_how_it_stands(watch: Watch | None, said: str) -> None:
    assert said in pushing.sentence(watch, Account(), NOW)


def test_a_mailbox_that_rests_is_not_watched(settings: Any) -> None:
    live = Watch(expires_at=NOW + HOUR)
    for account in (Account(paused_at=NOW), Account(state="disconnected"), Account(state="reconnect_needed")):
        assert "At rest" in pushing.sentence(live, account, NOW)
    settings.GOOGLE_PUBSUB_TOPIC = ""
    assert "Off" in pushing.sentence(live, Account(), NOW)


def test_the_page_of_the_mailbox_shows_it(browser: Client, mailbox: Account) -> None:
    Watch.objects.create(email=mailbox.email, expires_at=NOW - HOUR, trouble="topic_permission", due_at=NOW + HOUR)
    page = browser.get(f"/accounts/{mailbox.pk}/").content.decode()
    assert "Lapsed since" in page and "Gmail may not publish on the Pub/Sub topic." in page
    browser.cookies["django_language"] = "zh-hans"
    assert "；新邮件由定时同步发现" in browser.get(f"/accounts/{mailbox.pk}/").content.decode()


def test_the_back_office_shows_watches_and_counts_and_no_grant(admin_client: Client, settings: Any) -> None:
    watch = Watch.objects.create(email="a@example.com", trouble="grant", grant="secret-token", heard_at=SyncNow())
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.delete(push_counts.KEY)
    client.hset(push_counts.KEY, mapping={"accepted": 1234, "forged:signature": 3, "forged:time": 2})
    listed = admin_client.get("/admin/mailsync/watch/").content.decode()
    one = admin_client.get(f"/admin/mailsync/watch/{watch.pk}/change/").content.decode()
    client.delete(push_counts.KEY)
    client.close()
    assert "Pushes: 1,234 accepted, 5 refused as forged (signature 3, time 2)" in listed
    assert "The permission has ended." in listed and "The permission has ended." in one
    assert "secret-token" not in listed + one


def test_without_redis_the_back_office_says_so(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    assert "Redis does not answer" in pushing.counted()
