from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from mailsync import tokens
from mailsync.models import ApiToken

Turn = Callable[[timedelta], None]


def test_only_a_hash_is_kept(anna: User) -> None:
    token, secret = tokens.issue(anna, "script")
    stored = ApiToken.objects.values().get()
    assert len(secret) >= 40 and not [value for value in stored.values() if isinstance(value, str) and secret in value]
    assert tokens.find(secret) == token
    assert tokens.issue(anna, "another")[1] != secret


@pytest.mark.parametrize("secret", ["", "x", "é" * 43, "\ud800", "\x00"])
def test_a_wrong_secret_opens_nothing(anna: User, secret: str) -> None:
    tokens.issue(anna, "script")
    assert tokens.find(secret) is None


def test_a_token_ends_at_its_time(anna: User, turn: Turn) -> None:
    _, secret = tokens.issue(anna, "script", timedelta(days=90))
    turn(timedelta(days=89))
    assert tokens.find(secret) is not None
    turn(timedelta(days=91))
    assert tokens.find(secret) is None


def test_a_token_of_no_time_at_all_is_not_one_for_ever(anna: User) -> None:
    _, secret = tokens.issue(anna, "script", timedelta(0))
    assert tokens.find(secret) is None


def test_a_revoked_token_and_one_of_an_inactive_user_open_nothing(anna: User) -> None:
    token, secret = tokens.issue(anna, "script")
    _, other = tokens.issue(anna, "other")
    tokens.revoke(token)
    assert tokens.find(secret) is None
    User.objects.filter(pk=anna.pk).update(is_active=False)
    assert tokens.find(other) is None


def test_last_use_is_known_to_a_minute(anna: User, turn: Turn) -> None:
    token, secret = tokens.issue(anna, "script")
    seen = []
    for minutes in (0, 0.5, 2):
        turn(timedelta(minutes=minutes))
        tokens.find(secret)
        token.refresh_from_db()
        seen.append(token.last_used_at)
    assert seen[0] == seen[1] < seen[2]
