"""What strangers send to the door for pushes is bounded before anything is kept of it."""

import asyncio
from typing import Any

import pytest

from mailsync.api import bounded
from mailsync.api.bounded import LONGEST_BODY, BoundedPushes


async def visit(path: str, *chunks: bytes | None) -> tuple[list[Any], list[Any]]:
    """What reaches the application, what is answered; None is a chunk that never comes."""
    left, reached, sent = list(chunks), [], []

    async def receive() -> Any:
        chunk = left.pop(0)
        if chunk is None:
            await asyncio.sleep(60)
        return {"type": "http.request", "body": chunk, "more_body": bool(left)}

    async def send(message: Any) -> None:
        sent.append(message)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        reached.append(await receive())

    await BoundedPushes(application)({"type": "http", "path": path}, receive, send)
    return reached, sent


def at(path: str, *chunks: bytes | None) -> tuple[list[Any], list[Any]]:
    return asyncio.run(visit(path, *chunks))


def test_a_notification_arrives_whole() -> None:
    reached, sent = at("/push/gmail/", b"a" * 100, b"b" * 100)
    assert reached == [{"type": "http.request", "body": b"a" * 100 + b"b" * 100, "more_body": False}]
    assert not sent


def test_what_is_too_long_is_refused_as_soon_as_it_is() -> None:
    reached, sent = at("/push/gmail/", b"a" * LONGEST_BODY, b"b", None)
    assert not reached and sent[0]["status"] == 413 and b"too_large" in sent[1]["body"]


def test_what_does_not_arrive_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "PATIENCE", 0.05)
    reached, sent = at("/push/gmail/", b"a", None)
    assert not reached and sent[0]["status"] == 408


async def crowd(count: int) -> tuple[int, int, list[int]]:
    """So many pushes at once: how many were inside at once at most, how many got in, the answers of the others."""
    inside, most, served, answers = 0, 0, 0, []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        nonlocal inside, most, served
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.001)
        inside, served = inside - 1, served + 1

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if "status" in message:
            answers.append(message["status"])

    door = BoundedPushes(application)
    await asyncio.gather(*(door({"type": "http", "path": "/push/gmail/"}, receive, send) for _ in range(count)))
    return most, served, answers


def test_few_are_inside_at_once_and_not_all_may_wait() -> None:
    most, served, answers = asyncio.run(crowd(bounded.MOST_WAITING + 5))
    assert (most, served, answers) == (bounded.MOST_AT_ONCE, bounded.MOST_WAITING, [503] * 5)


def test_other_doors_are_not_touched() -> None:
    reached, _ = at("/api/x/", b"a" * (LONGEST_BODY + 1))
    assert len(reached[0]["body"]) == LONGEST_BODY + 1
