"""Fetch a page of messages: bounded by number, bytes, time."""

import time
from collections.abc import Callable, Sequence

from gmail import mime
from gmail.client import GmailClient
from gmail.errors import GmailError, NotFound, Refused, Transient
from gmail.resources import Message
from mailsync.sync.ports import Batch, Clock, Fetched

MOST_MESSAGES = 100
MOST_BYTES = 8_000_000
MOST_SECONDS = 2.0
PARTS = 25  # a batch of more is refused in part on a cold mailbox; paid answers are never thrown away
FEWEST_OF_AN_OUTAGE = 3


def fetch(
    gmail: GmailClient, ids: Sequence[str], *, large: bool, beat: Callable[[], None], clock: Clock = time.monotonic
) -> Batch:
    """What Gmail answers for the first of `ids`, until the page is full; what is not settled is simply still wanted.

    Raises Transient when Gmail answers nothing else: that is an outage, no debt of single messages.
    """
    batch = Batch()
    if large:
        _take(batch, ids[0], _stream(gmail, ids[0], beat))
        return batch
    began = clock()
    for start in range(0, len(ids), PARTS):
        answers = list(gmail.get_messages(ids[start : start + PARTS]))
        _raise_an_outage(answers)
        for id_, answer in answers:
            _take(batch, id_, answer)
        if batch.bytes >= MOST_BYTES or clock() - began >= MOST_SECONDS:
            break
    return batch


def _raise_an_outage(answers: Sequence[tuple[str, Message | GmailError]]) -> None:
    troubles = [answer for _, answer in answers if isinstance(answer, Transient)]
    if len(troubles) >= FEWEST_OF_AN_OUTAGE and len(troubles) == len(answers):
        raise troubles[0]


def _stream(gmail: GmailClient, id_: str, beat: Callable[[], None]) -> Message | GmailError:
    try:
        return gmail.stream_message(id_, on_chunk=lambda _: beat())
    except (NotFound, Refused) as answer:
        return answer


def _take(batch: Batch, id_: str, answer: Message | GmailError) -> None:
    batch.settled.add(id_)
    if isinstance(answer, NotFound):
        batch.vanished.append(id_)
    elif isinstance(answer, GmailError):
        batch.failed.append((id_, answer))
    else:
        batch.mails.append(Fetched(answer, mime.parse(answer.raw or b"")))
        batch.bytes += len(answer.raw or b"")
