"""Bring the exact bytes of a message whoever asks for them, from Gmail where they are not held yet."""

import hashlib
import logging
import time
from contextlib import closing

from django.db import transaction

from gmail.errors import NotFound
from gmail.quota import Priority
from mailsync import messages, usage
from mailsync.credentials import IMPATIENCE, open_credentials, open_mailbox
from mailsync.models import Account, Message, RawMessage
from mailsync.schedule import ReconnectNeeded
from mailsync.sync.bodies import keep_raw
from mailsync.sync.rows import raw_row

log = logging.getLogger(__name__)

PATIENCE = 10.0  # seconds that a caller waits for quota


class Unavailable(Exception):
    """These bytes are neither held nor to be had: Gmail has no such message any more."""


def raw(message: Message, *, priority: Priority = Priority.INTERACTIVE) -> bytes:
    """Exactly the bytes that Gmail gave or gives now; what is fetched is kept, for the next one who asks.

    Raises Unavailable, ReconnectNeeded, Undecryptable, GmailError.
    """
    held = messages.raw(message)
    if held is not None:
        return held
    if message.deleted_at is not None:
        raise Unavailable
    damaged = RawMessage.objects.filter(message=message).exists()
    fetched = _fetch(message, priority)
    with transaction.atomic():
        keep_raw([(message.pk, fetched)])
    if damaged:
        _mend(message, fetched)
    _compare(message, fetched)
    return fetched


def _fetch(message: Message, priority: Priority) -> bytes:
    account = Account.objects.filter(pk=message.account_id).first()
    if account is None:  # being erased since the caller saw its mail
        raise Unavailable
    if account.state != Account.State.OK:
        raise ReconnectNeeded(account.email)
    credentials = open_credentials(account)
    gmail = open_mailbox(
        account,
        credentials,
        lambda seconds, _: time.sleep(seconds),
        priority=priority,
        max_wait=PATIENCE,
        timeout=IMPATIENCE,
    )
    with closing(gmail):
        try:
            return gmail.stream_message(message.gmail_id, on_chunk=lambda _: None).raw or b""
        except NotFound:
            raise Unavailable from None
        finally:
            usage.spent(account.pk, gmail.units, gmail.requests)


def _mend(message: Message, fetched: bytes) -> None:
    """Put whole bytes in the place of damaged ones, if their hash was noted of these."""
    data, _, digest = raw_row(fetched)
    RawMessage.objects.filter(message=message, sha256=digest).update(data=data)


def _compare(message: Message, fetched: bytes) -> None:
    """A message is immutable: bytes that somebody else kept meanwhile are these."""
    kept = RawMessage.objects.filter(message=message).values_list("sha256", flat=True).first()
    if kept is not None and bytes(kept) != hashlib.sha256(fetched).digest():
        log.error("message %s: the bytes held are not those that Gmail gives", message.gmail_id)
