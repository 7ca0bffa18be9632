"""The countdown of grants that have an end."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import translation

from mailsync.connect import connect
from mailsync.dashboard.ending import ending, ends_soon
from mailsync.dashboard.sentences import Tone
from mailsync.models import Account, Checkpoint, Message

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "tone", "text"),
    [
        (timedelta(days=6, hours=23), Tone.QUIET, "Google's permission ends in 6 days ("),
        (timedelta(days=2, minutes=1), Tone.QUIET, "Google's permission ends in 2 days ("),
        (timedelta(days=2), Tone.BAD, "Google's permission ends in 48 hours ("),
        (timedelta(minutes=90), Tone.BAD, "Google's permission ends in 1 hour ("),
        (timedelta(seconds=5), Tone.BAD, "Connect this mailbox again before: its mirror stays."),
        (timedelta(0), Tone.BAD, "Google's permission has ended"),
    ],
)
@translation.override("en")
def test_it_counts_down_and_warns_in_its_last_two_days(left: timedelta, tone: Tone, text: str) -> None:
    said = ending(Account(email="a@example.com", grant_ends_at=NOW + left), NOW)
    assert said is not None and said.tone is tone
    assert text.replace("'", "&#x27;") in said.text or text in said.text


def test_a_grant_without_an_end_or_one_that_is_gone_says_nothing() -> None:
    assert ending(Account(email="a@example.com"), NOW) is None
    gone = Account(email="a@example.com", grant_ends_at=NOW, state=Account.State.RECONNECT)
    assert ending(gone, NOW) is None and not ends_soon(gone, NOW)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["One mailbox needs you.", "permission ends in 23 hours", "Connect again"]),
        ("zh-CN", ["有 1 个邮箱需要您处理", "Google 的授权将在 23 小时后到期", "重新连接"]),
    ],
)
def test_home_and_the_mailbox_warn_with_a_way_to_renew(
    browser: Client, anna: User, language: str, words: list[str]
) -> None:
    account = connect(anna, "anna@example.com", "{}", ends_at=datetime.now(UTC) + timedelta(hours=23, minutes=30))
    for path in ("/", f"/accounts/{account.pk}/"):
        html = browser.get(path, headers={"accept-language": language}).content.decode().replace("&#x27;", "'")
        assert f'href="/connect/?account={account.pk}"' in html
        assert [word for word in words[1:] if word not in html] == []
    assert words[0] in browser.get("/", headers={"accept-language": language}).content.decode()


@pytest.mark.django_db
def test_renewing_it_keeps_mirror_and_checkpoint_and_moves_the_end(anna: User, mail: Callable[..., Message]) -> None:
    first, later = datetime.now(UTC), datetime.now(UTC) + timedelta(days=7)
    account = connect(anna, "anna@example.com", "old", ends_at=first)
    mail(account, "18c0de")
    Checkpoint.objects.filter(account=account).update(history_id=77)
    Account.objects.update(state=Account.State.RECONNECT)

    again = connect(anna, "anna@example.com", "new", ends_at=later)

    assert (again.pk, again.state, again.grant_ends_at) == (account.pk, Account.State.OK, later)
    assert Checkpoint.objects.get(account=account).history_id == 77
    assert Message.objects.get().gmail_id == "18c0de"
    connect(anna, "anna@example.com", "without an end")
    assert Account.objects.get().grant_ends_at is None
