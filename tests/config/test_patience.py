"""Real connections to a real uvicorn, whose patience is short."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from uvicorn import Config, Server
from uvicorn.config import HTTP_PROTOCOLS
from websockets.asyncio.client import connect

from config import patience, uvicorn
from config.patience import Patient

PIECE, PIECES = b"x" * 65_536, 400  # more than any socket takes of a reader who does not read
Story = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bytes]]


async def application(scope: Any, receive: Any, send: Any) -> None:
    """A byte, or for /long as many as above; a socket says what it hears."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (heard := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": heard["text"]})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/long":
        for _ in range(PIECES):
            await send({"type": "http.response.body", "body": PIECE, "more_body": True})
    await send({"type": "http.response.body", "body": b"x"})


async def visited(story: Story) -> bytes:
    config = Config(
        application,
        http=Patient,
        ws="websockets-sansio",
        lifespan="off",
        log_config=None,
        port=0,
        timeout_keep_alive=60,
    )
    server = Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        reader, writer = await asyncio.open_connection(*server.servers[0].sockets[0].getsockname())
        said = await story(reader, writer)
        while server.server_state.connections:
            await asyncio.sleep(0.01)
        return said
    finally:
        writer.close()
        await server.shutdown()


def visit(story: Story) -> bytes:
    """What a client hears until the server has let go of its connection."""
    return asyncio.run(visited(story))


async def heard(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize("said", [b"", b"\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nX-A: "])
def test_a_head_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    monkeypatch.setattr(patience, "HEAD_SECONDS", 0.05)

    async def story(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(said)
        return await heard(reader)

    assert visit(story) == b""


def test_the_second_head_of_a_connection_is_not_waited_for_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "HEAD_SECONDS", 0.05)

    async def story(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"0\r\n\r\n")
        writer.write(b"GET / HTTP/1.1\r\nHo")
        return await heard(reader)

    assert visit(story) == b""


def test_a_head_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "HEAD_SECONDS", 1e6)

    async def story(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
        while not reader._buffer and not writer.is_closing():  # type: ignore[attr-defined]
            writer.write(b"X-Much: " + b"a" * 8_000 + b"\r\n")
            await asyncio.sleep(0)
        return await heard(reader)

    assert visit(story)[:13] in (b"HTTP/1.1 431 ", b"")  # whoever goes on sending may be cut off before he reads


def test_a_reader_who_does_not_read_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "STALLED_SECONDS", 0.05)

    async def story(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n")
        return b""

    visit(story)


def test_who_asks_and_reads_is_not_hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"GET /long HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return await heard(reader)

    assert visit(story).count(b"x") == len(PIECE) * PIECES + 1


def test_a_socket_that_is_open_is_not_hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "HEAD_SECONDS", 0.05)

    async def story(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        async with connect("ws://{}:{}".format(*writer.get_extra_info("peername"))) as browser:
            await reader.read()  # the other connection, which says nothing, has been closed meanwhile
            await browser.send("still here")
            return str(await browser.recv()).encode()

    assert visit(story) == b"still here"


def test_the_web_process_is_started_with_it() -> None:
    assert HTTP_PROTOCOLS["auto"] == "config.patience:Patient" and uvicorn.main.name == "main"
