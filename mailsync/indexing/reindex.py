"""Index mail that was stored before its index was made as it is made now."""

import logging
import time
from collections.abc import Iterator, Sequence
from itertools import takewhile

import zstandard
from django.db import connection, transaction

from mailsync import messages
from mailsync.indexing.words import searched
from mailsync.models import Account, Message

log = logging.getLogger(__name__)

CHUNK = 50  # rows of one transaction, read one by one: a mail may have 50 MB
SECONDS = 0.3  # of one tick: the process that runs it also wakes jobs

_INDEX = """
UPDATE mailsync_message SET words = row.words
FROM unnest(%s::bigint[], %s::text[]) AS row (id, words) WHERE mailsync_message.id = row.id
"""


def tick(seconds: float = SECONDS) -> int:
    """Index for so long, newest mail first; how many. What is left is what the rows say, whatever happens to ticks."""
    until, done = time.monotonic() + seconds, 0
    while chunk := reindex_some(until):
        done += chunk
    return done


def is_behind(accounts: Sequence[Account]) -> bool:
    """Whether mail of these is not found by its words yet."""
    waiting = Message.objects.filter(words=None)
    return waiting.exists() and waiting.filter(account__in=accounts).exists()  # mostly there is none of anybody


def reindex_some(until: float) -> int:
    """Index the next few, not beyond `until` on the monotonic clock; how many.

    A row that a sync holds is left to a later call, so neither waits for the other.
    """
    if time.monotonic() >= until:
        return 0
    with transaction.atomic():
        old = Message.objects.filter(words=None)
        rows = old.order_by("-internal_date").select_for_update(skip_locked=True, no_key=True)[:CHUNK]
        words = {row.pk: _words(row) for row in takewhile(lambda _: time.monotonic() < until, rows)}
        with connection.cursor() as cursor:
            cursor.execute(_INDEX, [list(words), list(words.values())])
    return len(words)


def _words(message: Message) -> str:
    return searched(message.subject, _names(message), _text(message))


def _names(message: Message) -> Iterator[str]:
    yield from (message.sender_name, message.sender_email)
    for each in [*message.to, *message.cc]:
        yield from (each["name"], each["email"])
    for file in message.attachments:
        yield file["filename"]


def _text(message: Message) -> str:
    try:
        read = messages.body(message)
    except (zstandard.ZstdError, ValueError):  # else one damaged row would keep all older mail from its index
        log.exception("message %s: what is held of it cannot be read; it is searched by its columns", message.gmail_id)
        return ""
    return read.text if read else ""
