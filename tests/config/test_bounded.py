"""What a request may hold is bounded before Django keeps anything of it."""

import asyncio
import json
from typing import Any

import pytest
from django.conf import settings

from config import bounded
from config.bounded import Bounded
from config.sealed import HEADERS, Sealed

MOST = settings.DATA_UPLOAD_MAX_MEMORY_SIZE


async def visit(headers: dict[str, str], *chunks: bytes | None) -> tuple[list[Any], list[Any], int]:
    """What reaches the application, what is answered, how many chunks were taken; None is one that never comes."""
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
        await send({"type": "http.response.start", "status": 200, "headers": [(b"Cache-Control", b"public")]})

    scope = {
        "type": "http",
        "path": "/",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    await Sealed(Bounded(application))(scope, receive, send)
    return reached, sent, len(chunks) - len(left)


def ask(headers: dict[str, str], *chunks: bytes | None) -> tuple[list[Any], list[Any], int]:
    return asyncio.run(visit(headers, *chunks))


def test_a_body_arrives_whole() -> None:
    reached, sent, _ = ask({"content-length": "6"}, b"abc", b"def")
    assert reached == [{"type": "http.request", "body": b"abcdef", "more_body": False}] and sent[0]["status"] == 200


def test_what_says_that_it_is_too_long_is_refused_unread() -> None:
    reached, sent, taken = ask({"content-length": str(MOST + 1)}, b"a")
    assert (reached, sent[0]["status"], taken) == ([], 413, 0)
    assert json.loads(sent[1]["body"])["code"] == "too_large"


def test_what_says_nothing_of_its_length_is_refused_as_soon_as_it_is_too_long() -> None:
    chunks = [b"a" * (MOST // 4)] * 5 + [b"rest"] * 100
    reached, sent, taken = ask({"transfer-encoding": "chunked"}, *chunks)
    assert (reached, sent[0]["status"], taken) == ([], 413, 5)
    assert (b"connection", b"close") in sent[0]["headers"]


def test_a_body_that_trickles_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "PATIENCE", 0.05)
    reached, sent, _ = ask({"content-length": "100"}, b"a", None)
    assert (reached, sent[0]["status"]) == ([], 408)


def test_a_request_without_a_body_is_not_waited_for() -> None:
    reached, _, taken = ask({}, b"")
    assert len(reached) == taken == 1


@pytest.mark.parametrize("length", ["1", str(MOST + 1)])
def test_answers_and_refusals_bear_every_header_that_they_do_not_have_themselves(length: str) -> None:
    _, sent, _ = ask({"content-length": length}, b"a")
    names = [name.lower() for name, _ in sent[0]["headers"]]
    assert {name for name, _ in HEADERS} <= set(names) and len(names) == len(set(names))
    assert (b"Cache-Control", b"public") in sent[0]["headers"] or sent[0]["status"] == 413
