"""From the end of a job to the reader: once, at least once, in his language."""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message as Email
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.contrib.auth.models import User

from config.embedded.ports import free_port
from mailsync.models import Account, Event, Notice, NoticeChoice, Preferences
from mailsync.notices import deliver, outbox
from mailsync.notices.signature import own_key
from tests.committed import at_once
from tests.mailsync.mirror import sync
from tests.mailsync.notices.test_outside import Listener, listener  # noqa: F401
from tests.mailsync.notices.test_signature import signed
from tests.mailsync.simulated import Gmail


class Postbox:
    """A mail server; `mails` arrived. With `refuses`, it takes none."""

    def __init__(self) -> None:
        self.mails: list[Email] = []
        self.refuses = False

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.refuses:
            return "451 Not now"
        self.mails.append(message_from_bytes(envelope.content, policy=default))  # type: ignore[arg-type]
        return "250 OK"


@pytest.fixture
def postbox(settings: Any) -> Iterator[Postbox]:
    box = Postbox()
    server = Controller(box, hostname="127.0.0.1", port=free_port())
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    yield box
    server.stop()


@pytest.fixture
def reader(anna: User) -> User:
    anna.email = "anna@example.org"
    anna.save()
    return anna


@pytest.fixture
def hook(reader: User, listener: Listener, settings: Any) -> Listener:  # noqa: F811
    """Anna's webhook; she has no mail."""
    settings.WEBHOOK_SECRET, settings.WEBHOOK_ALLOW_PRIVATE = "the secret", True
    NoticeChoice.objects.create(user=reader, mail=False, webhook_url=listener.url)
    return listener


def text(mail: Email) -> str:
    return str(mail.get_content())  # type: ignore[attr-defined]


def happen(account: Account, event: Event = Event.FAILED, key: str = "1") -> int:
    return outbox.happened(account, event, key, code="gmail_refused", kind="mailbox", params={"reason": "domainPolicy"})


def test_a_mailbox_that_breaks_and_is_mended_is_told_of_twice(
    reader: User, account: Account, gmail: Gmail, postbox: Postbox, turn: Callable[[timedelta], None]
) -> None:
    sync(account)
    gmail.control("revoke", email=gmail.email)
    assert sync(account).error_code == "reconnect_needed"
    Account.objects.update(state=Account.State.OK)
    assert sync(account).error_code == "reconnect_needed", "told once, however often it fails"
    assert deliver.tick() == 1
    gmail.control("grant", email=gmail.email)
    Account.objects.update(state=Account.State.OK)
    assert sync(account).state == "SUCCEEDED" == sync(account).state
    turn(deliver.BETWEEN_MAILS)
    assert (deliver.tick(), deliver.tick()) == (1, 0)
    broken, mended = postbox.mails
    assert (broken["Subject"], broken["To"]) == (f"mailsync: {gmail.email} needs to be reconnected", "anna@example.org")
    assert "Google no longer lets us in: reconnect this mailbox." in text(broken)
    assert f"/accounts/{account.pk}/" in text(broken)
    assert mended["Subject"] == f"mailsync: {gmail.email} works again"


def test_it_is_told_in_the_readers_language(reader: User, account: Account, postbox: Postbox) -> None:
    Preferences.objects.create(user=reader, language="zh-hans")
    happen(account)
    deliver.tick()
    [mail] = postbox.mails
    assert mail["Subject"] == f"mailsync: {account.email} 同步失败"
    assert "anna，您好：" in text(mail) and "（domainPolicy）" in text(mail).replace("(", "（").replace(")", "）")


def test_a_storm_is_one_mail_and_then_one_more(
    reader: User, account: Account, postbox: Postbox, turn: Callable[[timedelta], None]
) -> None:
    for number in range(7):
        happen(account, key=str(number))
    assert deliver.tick() == 7
    assert [mail["Subject"] for mail in postbox.mails] == ["mailsync: 7 notifications"]
    happen(account, Event.RECOVERED, "8"), happen(account, key="9")
    assert deliver.tick() == 0
    turn(deliver.BETWEEN_MAILS)
    assert deliver.tick() == 2 and len(postbox.mails) == 2


def test_the_same_happening_is_told_once(reader: User, account: Account, postbox: Postbox) -> None:
    assert [happen(account), happen(account)] == [1, 0]
    deliver.tick(), deliver.tick()
    assert len(postbox.mails) == 1


def test_while_the_mail_server_is_away_it_waits_longer_and_longer_then_gives_up(
    reader: User, account: Account, postbox: Postbox, turn: Callable[[timedelta], None]
) -> None:
    postbox.refuses = True
    happen(account)
    assert (deliver.tick(), deliver.tick()) == (0, 0)
    assert (row := Notice.objects.get()).attempts == 1 and row.trouble == "mail_server"
    turn(timedelta(seconds=31))
    assert deliver.tick() == 0 and Notice.objects.get().attempts == 2
    postbox.refuses = False
    turn(timedelta(seconds=100))
    assert deliver.tick() == 1 and Notice.objects.get().trouble == ""
    postbox.refuses = True
    happen(account, key="2")
    turn(timedelta(days=2))
    assert deliver.tick() == 0
    assert Notice.objects.get(dedupe_key__contains=":2:").given_up_at is not None


def test_a_webhook_is_called_with_what_happened_signed(reader: User, account: Account, hook: Listener) -> None:
    happen(account)
    assert deliver.tick() == 1
    [(path, headers, body)] = hook.seen
    message = json.loads(body)
    assert (path, message["type"], message["data"]["code"]) == ("/hook", "failed", "gmail_refused")
    assert (message["data"]["account"], message["data"]["email"]) == (account.pk, account.email)
    key = outbox_key(reader)
    assert signed(key, headers, body) in headers["webhook-signature"]


def outbox_key(user: User) -> bytes:
    return base64.b64decode(own_key("the secret", user.pk).removeprefix("whsec_"))


def test_a_webhook_that_fails_is_called_again_with_the_same_id(
    account: Account, hook: Listener, turn: Callable[[timedelta], None]
) -> None:
    hook.status = 500
    happen(account)
    assert deliver.tick() == 0 and Notice.objects.get().trouble == "http_500"
    hook.status = 200
    turn(timedelta(seconds=31))
    assert deliver.tick() == 1
    assert len({headers["webhook-id"] for _, headers, _ in hook.seen}) == 1 and len(hook.seen) == 2


def test_a_number_that_a_restored_database_gives_again_makes_another_id(db: None) -> None:
    ids = {deliver._id(Notice(pk=17, at=datetime(2026, 11, 28, 12, tzinfo=UTC) + timedelta(hours=n))) for n in range(3)}
    assert len(ids) == 3


def test_without_leave_the_inside_is_not_reached(account: Account, hook: Listener, settings: Any) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = False
    happen(account)
    assert deliver.tick() == 0
    assert hook.seen == [] and Notice.objects.get().trouble == "private_address"


def test_what_is_not_wanted_is_not_told(reader: User, account: Account, postbox: Postbox, settings: Any) -> None:
    NoticeChoice.objects.create(user=reader, events=["recovered"], webhook_url="https://example.com/")
    assert settings.WEBHOOK_SECRET == ""
    assert [happen(account), happen(account, Event.RECOVERED)] == [0, 1]
    NoticeChoice.objects.update(mail=False)
    assert happen(account, Event.RECOVERED, "2") == 0


def test_a_user_who_is_deactivated_hears_nothing(reader: User, account: Account) -> None:
    reader.is_active = False
    reader.save()
    account.refresh_from_db()
    assert happen(account) == 0


def test_two_ticks_at_once_tell_it_once(reader: User, account: Account, postbox: Postbox) -> None:
    happen(account)
    assert sorted(at_once([deliver.tick] * 3)) == [0, 0, 1]  # type: ignore[type-var]
    assert len(postbox.mails) == 1


def test_no_more_wait_than_somebody_will_ever_read(reader: User, account: Account, monkeypatch: Any) -> None:
    monkeypatch.setattr(outbox, "MOST_WAITING", 3)
    for number in range(9):
        happen(account, key=str(number))
    assert Notice.objects.count() == 3
