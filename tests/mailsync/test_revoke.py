"""Ending grants at Google: once, in the end, and never one that another mirror lives on."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import User

from gmail import oauth
from gmail.errors import GrantRevoked
from mailsync import revoke
from mailsync.connect import connect
from mailsync.credentials import oauth_client, service_account_grant, user_grant
from mailsync.disconnect import disconnect
from mailsync.models import Account, Revocation
from tests.mailsync.simulated import Gmail

Turn = Callable[[timedelta], None]


def is_good(gmail: Gmail) -> bool:
    """Whether Google still lets the mailbox's own grant in."""
    held = oauth.credentials(oauth_client(), refresh_token=f"sim-refresh-{gmail.email}")
    try:
        from_google(held)
    except GrantRevoked:
        return False
    return True


def from_google(credentials: Any) -> None:
    oauth._post(  # the product refreshes inside google-auth, whose errors say less
        oauth_client().token_uri,
        {
            "grant_type": "refresh_token",
            "refresh_token": credentials.refresh_token,
            "client_id": credentials.client_id,
            "client_secret": credentials.client_secret,
        },
    )


@pytest.fixture
def let_go(account: Account) -> Account:
    return disconnect(account, by="anna")


def test_a_grant_that_nobody_needs_is_ended(let_go: Account, gmail: Gmail) -> None:
    assert is_good(gmail)
    assert revoke.tick() == 1
    assert not is_good(gmail)
    assert not Revocation.objects.exists()
    assert revoke.tick() == 0


def test_a_grant_that_another_mirror_lives_on_stays(account: Account, gmail: Gmail) -> None:
    other = connect(User.objects.create_user("bert"), gmail.email, user_grant(f"sim-refresh-{gmail.email}"))
    disconnect(account, by="anna")
    assert revoke.tick() == 1
    assert is_good(gmail)
    disconnect(other, by="bert")
    assert revoke.tick() == 1
    assert not is_good(gmail)


def test_a_mailbox_connected_again_before_google_answered_keeps_its_grant(let_go: Account, gmail: Gmail) -> None:
    connect(let_go.owner, gmail.email, user_grant(f"sim-refresh-{gmail.email}"))
    revoke.tick()
    assert is_good(gmail)
    assert not Revocation.objects.exists()


def test_google_out_of_reach_is_tried_again_later(let_go: Account, gmail: Gmail, settings: Any, turn: Turn) -> None:
    settings.GOOGLE_BASE_URL = "http://127.0.0.1:9"
    assert revoke.tick() == 0
    assert Revocation.objects.get().attempts == 1
    assert revoke.tick() == 0
    assert Revocation.objects.get().attempts == 1, "tried again without a pause"
    settings.GOOGLE_BASE_URL = gmail.url
    turn(timedelta(minutes=2))
    assert revoke.tick() == 1
    assert not is_good(gmail)


def test_after_a_week_google_is_left_alone(let_go: Account, turn: Turn) -> None:
    turn(timedelta(days=7, minutes=1))
    assert revoke.tick() == 0
    assert not Revocation.objects.exists()


def test_a_grant_that_no_key_opens_is_no_hindrance(account: Account, settings: Any) -> None:
    keys, settings.TOKEN_ENCRYPTION_KEYS = settings.TOKEN_ENCRYPTION_KEYS, [Fernet.generate_key().decode()]
    assert disconnect(account, by="anna").state == Account.State.DISCONNECTED
    assert not Revocation.objects.exists()
    Revocation.objects.create(email=account.email, token="x")
    settings.TOKEN_ENCRYPTION_KEYS = keys
    assert revoke.tick() == 0


def test_a_delegation_of_a_workspace_has_nothing_to_end(anna: User) -> None:
    account = connect(anna, "boss@example.com", service_account_grant({"private_key": "x"}))
    disconnect(account, by="anna")
    assert not Revocation.objects.exists()


def test_the_pause_doubles_up_to_six_hours() -> None:
    assert [revoke.pause(attempts).total_seconds() for attempts in (0, 1, 2, 400)] == [60, 120, 240, 21600]
