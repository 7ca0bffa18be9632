from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from gmail.errors import GmailError, NotFound, Refused, Transient
from gmail.resources import Ask, Message, Thread
from mailsync.sync import fetching
from mailsync.sync.asks import Errand
from mailsync.sync.ports import Batch
from syncjobs.errors import LeaseLost

Answer = Message | Thread | GmailError


def message(id_: str, thread: str = "t") -> Message:
    return Message(id_, thread, (), 1, 0, 1, "", b"Subject: x\r\n\r\n")


class Gmail:
    """Answers what it was given, in the order asked for."""

    def __init__(self, answers: dict[str, Answer]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str]] = []

    def fetch(self, asks: Iterable[Ask]) -> Iterator[tuple[Ask, Answer]]:
        for ask in asks:
            self.asked.append((ask.kind, ask.id))
            yield ask, self.answers[ask.id]


def raw(*ids: str) -> list[Errand]:
    return [Errand(Ask("message", id_, "raw"), (id_,)) for id_ in ids]


def fetch(gmail: Any, errands: list[Errand]) -> Batch:
    return fetching.fetch(gmail, errands, beat=lambda: None)


def test_what_was_paid_for_is_kept_when_the_rest_of_a_page_must_wait() -> None:
    class Hurried:
        def fetch(self, asks: Iterable[Ask]) -> Iterator[tuple[Ask, Answer]]:
            for ask in asks:
                if ask.id == "27":
                    raise LeaseLost
                yield ask, message(ask.id)

    batch = fetch(Hurried(), raw(*(str(n) for n in range(50))))
    assert [each.id for each in batch.messages] == [str(n) for n in range(27)]
    with pytest.raises(LeaseLost):
        fetch(Hurried(), raw("27"))


def test_a_big_message_that_cannot_be_streamed_is_a_debt() -> None:
    class Stubborn:
        def stream_message(self, id_: str, *, on_chunk: Callable[[int], None]) -> Any:
            raise Transient("reset")

    batch = fetch(Stubborn(), [Errand(Ask("message", "1", "raw"), ("1",), alone=True)])
    assert [id_ for id_, _ in batch.failed] == ["1"]


def test_a_big_message_that_comes_too_slowly_is_a_debt_and_asked_for_once() -> None:
    class Slow:
        asked = 0

        def stream_message(self, id_: str, *, on_chunk: Callable[[int], None]) -> Any:
            self.asked += 1
            for received in range(10_000):
                on_chunk(received)

    gmail, seconds = Slow(), iter(range(0, 1_000_000, 10))
    errands = [Errand(Ask("message", "1", "raw"), ("1",), alone=True)]
    batch = fetching.fetch(gmail, errands, beat=lambda: None, clock=lambda: next(seconds))  # type: ignore[arg-type]
    [(id_, error)] = batch.failed
    assert (id_, gmail.asked) == ("1", 1) and isinstance(error, Refused) and error.reason == "too_slow"


def test_a_thread_brings_the_messages_asked_for_and_no_others() -> None:
    gmail = Gmail({"t": Thread("t", 9, tuple(map(message, "1234")))})
    batch = fetch(gmail, [Errand(Ask("thread", "t", "full"), ("4", "2", "1"))])
    assert {each.id for each in batch.messages} == batch.settled == {"1", "2", "4"}
    assert gmail.asked == [("thread", "t")]


def test_what_a_thread_does_not_bring_is_asked_for_by_itself_in_the_same_page() -> None:
    gmail = Gmail({"t": Thread("t", 9, (message("1"),)), "2": NotFound("gone"), "3": message("3", "moved")})
    batch = fetch(gmail, [Errand(Ask("thread", "t", "full"), ("1", "2", "3"))])
    assert gmail.asked == [("thread", "t"), ("message", "2"), ("message", "3")]
    assert [each.id for each in batch.messages] == ["1", "3"] and batch.vanished == ["2"]


@pytest.mark.parametrize("trouble", [NotFound("gone"), Refused("no", 400, "failedPrecondition"), Transient("500")])
def test_a_thread_that_cannot_be_had_fails_none_of_its_messages(trouble: GmailError) -> None:
    gmail = Gmail({"t": trouble, "1": message("1"), "2": message("2"), "3": Transient("again and again")})
    batch = fetch(gmail, [Errand(Ask("thread", "t", "full"), ("1", "2", "3"))])
    assert [each.id for each in batch.messages] == ["1", "2"]
    assert [id_ for id_, _ in batch.failed] == ["3"]
