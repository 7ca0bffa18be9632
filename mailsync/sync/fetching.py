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

Answer = tuple[str, Message | GmailError]


def fetch(
    gmail: GmailClient, ids: Sequence[str], *, large: bool, beat: Callable[[], None], clock: Clock = time.monotonic
) -> Batch:
    """What Gmail answers for the first of `ids`, until the page is full; what is not settled is simply still wanted.

    Raises Transient when Gmail answers nothing else: that is an outage, no debt of single messages. Whatever else ends the
    page early is kept back while there is something to save: what was paid for is not thrown away, and the next page hears it.
    """
    batch = Batch()
    if large:
        _take(batch, ids[0], _stream(gmail, ids[0], beat))
        return batch
    began = clock()
    for start in range(0, len(ids), PARTS):
        answers, trouble = _answers(gmail, ids[start : start + PARTS])
        for id_, answer in answers:
            _take(batch, id_, answer)
        if trouble is not None and not batch.settled:
            raise trouble
        if trouble is not None or batch.bytes >= MOST_BYTES or clock() - began >= MOST_SECONDS:
            break
    return batch


def _answers(gmail: GmailClient, ids: Sequence[str]) -> tuple[list[Answer], Exception | None]:
    """The answers until something ended them, with what did; an outage is not an answer."""
    answers: list[Answer] = []
    try:
        for answer in gmail.get_messages(ids):
            answers.append(answer)
    except Exception as trouble:
        return answers, trouble
    troubles = [answer for _, answer in answers if isinstance(answer, Transient)]
    if len(troubles) >= FEWEST_OF_AN_OUTAGE and len(troubles) == len(answers):
        return [], troubles[0]
    return answers, None


def _stream(gmail: GmailClient, id_: str, beat: Callable[[], None]) -> Message | GmailError:
    try:
        return gmail.stream_message(id_, on_chunk=lambda _: beat())
    except (NotFound, Refused, Transient) as answer:  # after three repetitions: one big mail must not stop the mailbox
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
