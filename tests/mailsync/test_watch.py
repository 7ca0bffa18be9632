"""Watches: there while somebody wants them, gone when nobody does, seen when they fail."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import User

from gmail import oauth
from gmail.errors import GrantRevoked
from mailsync import revoke, schedule, watch
from mailsync.connect import connect
from mailsync.credentials import oauth_client, user_grant
from mailsync.disconnect import disconnect
from mailsync.models import Account, Checkpoint, Notice, Revocation, Usage, Watch
from syncjobs.clock import SyncNow
from tests.mailsync.simulated import Gmail

Turn = Callable[[timedelta], None]
TOPIC = "projects/simulator/topics/gmail"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def topic(settings: Any, gmail: Gmail) -> Any:
    settings.GOOGLE_PUBSUB_TOPIC = TOPIC
    yield
    gmail.control("topics", topics=None)


def held(gmail: Gmail) -> Any:
    """The watch that Gmail holds of this mailbox."""
    return gmail.ask("stats")["watches"].get(gmail.email)


def asked(gmail: Gmail) -> dict[str, int]:
    found = gmail.ask("stats")["requests"]
    return {method: found[method] for method in ("watch", "stop") if method in found}


def row() -> Watch:
    return Watch.objects.get()


def is_live() -> bool:
    return Watch.objects.filter(expires_at__gt=SyncNow()).exists()


def test_a_connected_mailbox_is_watched_paid_for_and_moves_no_checkpoint(account: Account, gmail: Gmail) -> None:
    assert watch.tick() == 1
    assert held(gmail)["topic"] == TOPIC and is_live()
    assert (row().topic, row().attempts, row().trouble) == (TOPIC, 0, "")
    assert Usage.objects.get(account=account).units == 100
    assert Checkpoint.objects.get(account=account).history_id is None
    assert watch.tick() == 0 and asked(gmail) == {"watch": 1}


def test_without_a_topic_nothing_is_asked(account: Account, gmail: Gmail, settings: Any) -> None:
    settings.GOOGLE_PUBSUB_TOPIC = ""
    assert watch.tick() == 0 and not asked(gmail)
    settings.GOOGLE_PUBSUB_TOPIC = TOPIC
    assert watch.tick() == 1 and is_live(), "mailboxes connected before there was one follow"


def test_it_is_renewed_daily(account: Account, gmail: Gmail, turn: Turn) -> None:
    watch.tick()
    turn(DAY - watch.EARLIER - MINUTE)
    assert watch.tick() == 0
    turn(DAY + MINUTE)
    assert watch.tick() == 1 and asked(gmail) == {"watch": 2}


def test_one_watch_serves_all_who_mirror_the_mailbox(account: Account, gmail: Gmail) -> None:
    other = connect(User.objects.create_user("bert"), gmail.email, user_grant(f"sim-refresh-{gmail.email}"))
    assert watch.tick() == 1 and asked(gmail) == {"watch": 1}
    disconnect(account, by="anna")
    assert watch.tick() == 1 and held(gmail), "another still holds it"
    schedule.pause(other, by="bert")
    assert watch.tick() == 1 and not held(gmail)
    schedule.resume(other)
    assert watch.tick() == 1 and held(gmail)


def test_a_disconnected_mailbox_is_stopped_before_its_grant_ends(account: Account, gmail: Gmail, turn: Turn) -> None:
    watch.tick()
    disconnect(account, by="anna")
    assert row().grant and revoke.tick() == 0, "what is revoked can stop nothing"
    assert watch.tick() == 1 and not held(gmail)
    assert not row().grant and not is_live()
    assert Usage.objects.get(account=account).units == 150
    turn(2 * MINUTE)
    assert revoke.tick() == 1
    with pytest.raises(GrantRevoked):
        oauth._post(
            oauth_client().token_uri,
            {"grant_type": "refresh_token", "refresh_token": f"sim-refresh-{gmail.email}"}
            | {"client_id": "simulator", "client_secret": "simulator"},
        )


def test_a_mailbox_whose_mirror_is_erased_leaves_no_row(account: Account, gmail: Gmail, settings: Any) -> None:
    watch.tick()
    disconnect(account, by="anna", erase=True)
    account.delete()
    settings.GOOGLE_PUBSUB_TOPIC = ""
    assert row().grant, "it is still to be stopped"
    assert watch.tick() == 1 and not held(gmail)
    assert not Watch.objects.exists()


def test_however_a_mailbox_goes_its_watch_is_stopped(account: Account, gmail: Gmail) -> None:
    watch.tick()
    account.owner.delete()
    assert watch.tick() == 1 and not held(gmail) and not Watch.objects.exists()


def test_google_out_of_reach_holds_up_the_end_of_a_grant_for_half_an_hour_at_most(
    account: Account, gmail: Gmail, settings: Any, turn: Turn, impatient: None
) -> None:
    watch.tick()
    disconnect(account, by="anna")
    settings.GOOGLE_BASE_URL = "http://127.0.0.1:9"
    assert watch.tick() == 0 and watch.tick() == 0
    assert (row().attempts, row().trouble) == (1, "unreachable")
    Watch.objects.update(attempts=watch.MOST_STOPS - 1)
    turn(watch.FIRST_PAUSE)
    assert watch.tick() == 1 and not row().grant
    spans = [watch.pause(attempts) for attempts in range(watch.MOST_STOPS - 1)]
    assert sum(spans, timedelta()) == timedelta(minutes=30)
    settings.GOOGLE_BASE_URL = gmail.url
    assert revoke.tick() == 1 and not Revocation.objects.exists()


def test_a_mailbox_that_was_connected_again_is_watched_again(account: Account, gmail: Gmail) -> None:
    watch.tick()
    disconnect(account, by="anna")
    connect(account.owner, gmail.email, user_grant(f"sim-refresh-{gmail.email}"))
    assert watch.tick() == 1 and held(gmail) and not row().grant
    assert asked(gmail) == {"watch": 2}, "and never stopped"


@pytest.mark.parametrize(
    ("topics", "trouble"),
    [
        ({TOPIC: False}, "topic_permission"),
        ({"projects/simulator/topics/other": True}, "topic_missing"),
        ({"projects/elsewhere/topics/gmail": True}, "topic_wrong"),
    ],
)
def test_a_topic_that_gmail_cannot_use_is_named_and_tried_again(
    account: Account, gmail: Gmail, turn: Turn, topics: dict[str, bool], trouble: str
) -> None:
    gmail.control("topics", topics=topics)
    assert watch.tick() == 0
    assert (row().trouble, row().attempts, row().expires_at) == (trouble, 1, None)
    assert watch.tick() == 0 and asked(gmail) == {"watch": 1}, "not without a pause"
    gmail.control("topics", topics=None)
    turn(watch.FIRST_PAUSE + MINUTE)
    assert watch.tick() == 1 and (row().trouble, row().attempts) == ("", 0)


@pytest.mark.parametrize(
    ("fault", "trouble"),
    [("user_rate_limit", "rate_limited"), ("domain_policy", "domain_policy")],
)
def test_what_gmail_answers_is_told(account: Account, gmail: Gmail, fault: str, trouble: str) -> None:
    gmail.faults({"fault": fault, "match": {"method": "watch"}})
    assert watch.tick() == 0 and row().trouble == trouble


def test_a_renewal_that_fails_keeps_what_is_live(account: Account, gmail: Gmail, turn: Turn) -> None:
    watch.tick()
    gmail.control("topics", topics={TOPIC: False})
    turn(DAY)
    assert watch.tick() == 0
    assert is_live() and row().trouble == "topic_permission"
    turn(timedelta(days=8))
    assert not is_live(), "lapsed"


def test_a_dead_grant_asks_for_a_new_one_and_is_not_hammered(account: Account, gmail: Gmail, turn: Turn) -> None:
    gmail.control("revoke", email=gmail.email)
    watch.tick()
    account.refresh_from_db()
    assert account.state == Account.State.RECONNECT and account.sync_message_code == "reconnect_needed"
    watch.tick()
    turn(timedelta(days=30))
    watch.tick()
    assert not asked(gmail)


def test_a_user_who_may_not_work_has_no_watch_until_he_may_again(account: Account, gmail: Gmail, turn: Turn) -> None:
    watch.tick()
    User.objects.filter(pk=account.owner_id).update(is_active=False)
    turn(DAY)
    assert watch.tick() == 1 and not held(gmail)
    User.objects.filter(pk=account.owner_id).update(is_active=True)
    turn(2 * DAY)
    assert watch.tick() == 1 and held(gmail)


def test_who_is_let_work_again_is_watched_at_once(account: Account, gmail: Gmail) -> None:
    owner = User.objects.get(pk=account.owner_id)
    for active, watched in ((False, False), (True, True)):
        owner.is_active = active
        owner.save()
        watch.tick()
        assert bool(held(gmail)) is watched


def test_the_grant_of_another_serves_where_one_has_ended(account: Account, gmail: Gmail) -> None:
    connect(User.objects.create_user("bert"), gmail.email, user_grant(f"sim-refresh-{gmail.email}"))
    Account.objects.filter(pk=account.pk).update(credentials=user_grant("gone"))
    watch.tick()
    assert not held(gmail)
    watch.tick()
    assert held(gmail) and Account.objects.filter(state="ok").count() == 1


def test_a_grant_that_no_key_opens_disturbs_nobody(account: Account, gmail: Gmail, settings: Any) -> None:
    settings.TOKEN_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert watch.tick() == 0 and row().trouble == "credentials_unreadable"


def test_what_changed_while_gmail_was_asked_is_asked_again(account: Account, gmail: Gmail) -> None:
    taken = watch._take(row().pk)
    assert taken is not None
    schedule.pause(account, by="anna")  # a tick is just asking Gmail to watch
    assert watch._watch(taken, account)
    assert held(gmail)
    assert watch.tick() == 1 and not held(gmail)


def test_a_notification_is_written_down_now_and_then(account: Account, turn: Turn) -> None:
    watch.heard(account.email)
    first = row().heard_at
    watch.heard(account.email)
    assert first is not None and row().heard_at == first
    turn(MINUTE)
    watch.heard(account.email)
    assert row().heard_at > first  # type: ignore[operator]


def test_the_moments_of_renewal_are_spread() -> None:
    moments = {watch.next_renewal(number) for number in range(200)}
    assert len(moments) == 97 and all(DAY - watch.EARLIER <= each <= DAY for each in moments)


def test_its_owner_hears_once_that_a_watch_has_lapsed(account: Account, gmail: Gmail, turn: Turn) -> None:
    account.owner.email = "anna@example.org"
    account.owner.save()
    watch.tick()
    gmail.control("topics", topics={})
    for days in (1, 2, 8, 9, 10):
        turn(days * DAY + MINUTE)
        assert watch.tick() == 0
        assert Notice.objects.filter(event="push_lapsed").count() == (days >= 8)
