"""Fetch a page of messages: bounded by number, bytes, time."""

import time
from collections.abc import Callable, Sequence

from gmail.client import GmailClient
from gmail.errors import GmailError, NotFound, Refused, Transient
from gmail.portion import weight
from gmail.resources import Ask, Message, Thread
from mailsync.sync.asks import Errand
from mailsync.sync.ports import Batch, Clock

MOST_BYTES = 8_000_000
MOST_SECONDS = 2.0
MOST_STREAMED = (
    300.0  # seconds of one message: a download that outlives every slice would keep the mailbox at it for ever
)
PARTS = 25  # a batch of more is refused in part on a cold mailbox; paid answers are never thrown away
FEWEST_OF_AN_OUTAGE = 3

Answer = Message | Thread | GmailError


def fetch(
    gmail: GmailClient,
    errands: Sequence[Errand],
    *,
    beat: Callable[[], None],
    clock: Clock = time.monotonic,
    despair: bool = False,
) -> Batch:
    """What Gmail answers for the first of `errands`, until the page is full; what is not settled is simply still wanted.

    Raises Transient when Gmail answers nothing else: that is an outage, no debt of single messages. Whatever else ends the
    page early is kept back while there is something to save: what was paid for is not thrown away, and the next page hears it.
    In `despair`, when waiting did not help, the messages that look like an outage are debts after all, a handful at a time.
    """
    batch = Batch()
    if errands and errands[0].alone and errands[0].ask.format == "raw":
        _take(batch, errands[0].ask.id, _stream(gmail, errands[0].ask.id, beat, clock))
        return batch
    began = clock()
    for start in range(0, len(errands), PARTS):
        trouble = _run(gmail, batch, errands[start : start + PARTS])
        if trouble is not None and not batch.settled:
            if not despair or not isinstance(trouble, Transient):
                raise trouble
            batch.outage = trouble
            for errand in errands[:PARTS]:
                for id_ in errand.ids:
                    _take(batch, id_, trouble)
        if trouble is not None or batch.bytes >= MOST_BYTES or clock() - began >= MOST_SECONDS:
            break
    return batch


def _run(gmail: GmailClient, batch: Batch, errands: Sequence[Errand]) -> Exception | None:
    """Settle `errands`; what a thread did not bring is asked for at once by itself. What ended it early, if anything did."""
    answers, trouble = _answers(gmail, [errand.ask for errand in errands])
    left: list[Errand] = []
    for errand in errands:
        if errand.ask in answers:
            left += _settle(batch, errand, answers[errand.ask])
    return _run(gmail, batch, left) if left and trouble is None else trouble


def _answers(gmail: GmailClient, asks: Sequence[Ask]) -> tuple[dict[Ask, Answer], Exception | None]:
    """The answers until something ended them, with what did; an outage is not an answer."""
    answers: dict[Ask, Answer] = {}
    try:
        for ask, answer in gmail.fetch(asks):
            answers[ask] = answer
    except Exception as trouble:
        return answers, trouble
    troubles = [answer for answer in answers.values() if isinstance(answer, Transient)]
    if len(troubles) >= FEWEST_OF_AN_OUTAGE and len(troubles) == len(answers):
        return {}, troubles[0]
    return answers, None


def _stream(gmail: GmailClient, id_: str, beat: Callable[[], None], clock: Clock) -> Answer:
    until = clock() + MOST_STREAMED

    def hear(received: int) -> None:
        beat()
        if clock() > until:
            raise Refused(f"Not whole after {MOST_STREAMED:.0f} s and {received} bytes", reason="too_slow")

    try:
        return gmail.stream_message(id_, on_chunk=hear)
    except (NotFound, Refused, Transient) as answer:  # after three repetitions: one big mail must not stop the mailbox
        return answer


def _settle(batch: Batch, errand: Errand, answer: Answer) -> list[Errand]:
    """Take what came; what is to be asked for by itself, because its thread did not bring it."""
    if errand.ask.kind == "message":
        _take(batch, errand.ask.id, answer)
        return []
    brought = {each.id: each for each in answer.messages} if isinstance(answer, Thread) else {}
    for id_ in errand.ids:
        if id_ in brought:
            _take(batch, id_, brought[id_])
    return [Errand(Ask("message", id_, errand.ask.format), (id_,)) for id_ in errand.ids if id_ not in brought]


def _take(batch: Batch, id_: str, answer: Answer) -> None:
    batch.settled.add(id_)
    if isinstance(answer, NotFound):
        batch.vanished.append(id_)
    elif isinstance(answer, GmailError):
        batch.failed.append((id_, answer))
    elif isinstance(answer, Message):
        batch.messages.append(answer)
        batch.bytes += weight(answer)
