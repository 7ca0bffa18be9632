"""Mail that an older version has indexed, or none, is indexed anew in the background."""

from typing import Any

import pytest
from django.db import connection, transaction

from mailsync import raws
from mailsync.indexing import reindex
from mailsync.models import Account, Body, Message, RawMessage
from mailsync.search import search
from tests.committed import at_once
from tests.mailsync.mirror import sync
from tests.mailsync.simulated import Gmail


@pytest.fixture(params=Account.Policy.values)
def stored(request: Any, account: Account, gmail: Gmail) -> Account:
    """Mail stored under each policy: raw bytes, bodies or both; one of it is about a meeting."""
    Account.objects.filter(pk=account.pk).update(policy=request.param)
    gmail.control("deliver", email=gmail.email, messages=[{"subject": "安排", "text": "明天麒麟阁"}])
    sync(Account.objects.get(pk=account.pk))
    return account


def index(account: Account) -> dict[str, str | None]:
    rows = Message.objects.filter(account=account).order_by("pk")
    return dict(rows.values_list("gmail_id", "words"))


def forget(account: Account) -> int:
    return Message.objects.filter(account=account).update(words=None)


def test_what_is_indexed_later_is_what_would_have_been_indexed_at_once(stored: Account) -> None:
    at_first = index(stored)
    assert forget(stored) == len(at_first)
    assert reindex.tick(20) == len(at_first)
    assert index(stored) == at_first
    assert search(Message.objects.filter(account=stored), "麒麟阁").count() == 1
    assert reindex.tick(20) == 0


def test_without_time_nothing_is_begun(account: Account) -> None:
    sync(account)
    forget(account)
    assert reindex.tick(0) == 0


def test_mail_that_a_sync_holds_is_left_to_the_next_tick(account: Account) -> None:
    sync(account)
    everything = forget(account)
    held = Message.objects.filter(account=account)[:5]
    with transaction.atomic():
        assert len(held.select_for_update()) == 5
        assert at_once([lambda: reindex.tick(20)]) == [everything - 5]
    assert reindex.tick(20) == 5


def test_one_damaged_mail_does_not_keep_the_others_from_their_index(account: Account) -> None:
    sync(account)
    newest, other, *_ = Message.objects.filter(account=account).order_by("-internal_date")
    RawMessage.objects.filter(message=newest).update(data=b"damaged")
    RawMessage.objects.filter(message=other).delete()
    Body.objects.create(account=account, message=other, data=b"damaged")
    assert reindex.tick(20) == 0
    everything = forget(account)
    assert reindex.tick(20) == everything
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM mailsync_message WHERE words IS NULL")
        assert cursor.fetchone() == (0,)


def test_a_text_that_gmail_left_out_for_its_size_is_searched_once_its_bytes_are_here(
    account: Account, gmail: Gmail
) -> None:
    Account.objects.filter(pk=account.pk).update(policy=Account.Policy.READABLE)
    (new,) = gmail.control("deliver", email=gmail.email, messages=[{"text": "a xylophone"}])["ids"]
    sync(account)
    row = Message.objects.get(gmail_id=new)
    Message.objects.filter(pk=row.pk).update(defects=["text_not_inline"], words="")
    found = search(Message.objects.filter(account=account), "xylophone")
    assert not found.exists()
    raws.raw(row)
    assert reindex.tick(20) == 1
    assert found.get() == row
