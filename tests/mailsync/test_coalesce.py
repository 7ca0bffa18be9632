"""What many ask for at once is done once for all who asked before it began."""

import threading
import time

import pytest

from mailsync.coalesce import Coalescer
from tests.committed import at_once


class Work:
    """Counts how often it was begun; the first time it waits until it is let go."""

    def __init__(self) -> None:
        self.begun = 0
        self.running, self.free = threading.Event(), threading.Event()

    def __call__(self) -> None:
        self.begun += 1
        self.running.set()
        assert self.free.wait(10)


def test_those_who_come_while_it_is_done_share_the_next_one() -> None:
    work, coalescer = Work(), Coalescer()
    first = threading.Thread(target=coalescer.run, args=("a", work))
    first.start()
    assert work.running.wait(10)
    late = [threading.Thread(target=coalescer.run, args=("a", work)) for _ in range(20)]
    for thread in late:
        thread.start()
    work.free.set()
    for thread in [first, *late]:
        thread.join(10)
    assert work.begun == 2, "what had begun before they asked is not enough for them"


def test_those_who_came_before_it_began_are_served_however_late_their_turn_is() -> None:
    coalescer, done = Coalescer(), []
    arrived = time.monotonic()
    for _ in range(3):
        coalescer.run("a", lambda: done.append(1), arrived)
    assert len(done) == 1
    coalescer.run("a", lambda: done.append(1))
    assert len(done) == 2


def test_one_after_the_other_each_is_done() -> None:
    done: list[int] = []
    coalescer = Coalescer()
    for number in range(3):
        coalescer.run("a", lambda number=number: done.append(number))  # type: ignore[misc]
    assert done == [0, 1, 2]


def test_a_failure_is_nobody_elses_success() -> None:
    coalescer, tries = Coalescer(), []

    def fail() -> None:
        tries.append(1)
        raise ValueError

    results = at_once([lambda: coalescer.run("a", fail)] * 4)
    assert len(tries) == 4 and all(isinstance(each, ValueError) for each in results)


def test_keys_do_not_wait_for_one_another_and_are_forgotten_in_the_end() -> None:
    coalescer, done = Coalescer(most=2), []
    coalescer.run("a", lambda: [coalescer.run(key, lambda: done.append(1)) for key in ("b", "c", "d")])
    assert len(done) == 3


def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailsync.coalesce.PATIENCE", 0.05)
    coalescer = Coalescer()

    def late() -> None:
        with pytest.raises(TimeoutError):
            coalescer.run("a", lambda: None)

    def hold() -> None:
        other = threading.Thread(target=late)
        other.start()
        other.join(10)

    coalescer.run("a", hold)
