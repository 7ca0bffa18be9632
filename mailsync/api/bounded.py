"""Bound what strangers may send to the door for pushes, how much of the product they may keep busy."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

DOOR = "/push/"
LONGEST_BODY = 65_536  # bytes; a notification of Gmail's has some 300
PATIENCE = 10.0  # seconds for all of it to arrive
MOST_AT_ONCE = 8  # each has a thread; the others wait their turn
MOST_WAITING = 2_000
ARRIVED = "mailsync.arrived"  # in the scope: when all of it was here, by the monotonic clock

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Application = Callable[[Any, Receive, Send], Awaitable[None]]


class BoundedPushes:
    """The application; but a push that is too long is answered 413, one that does not arrive 408, and neither reaches it.

    Few reach it at once: a flood takes no threads from pages, and is read as fast as it comes.
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self._turns = asyncio.Semaphore(MOST_AT_ONCE)
        self._waiting = 0

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """As ASGI wants it."""
        if scope["type"] != "http" or not scope["path"].startswith(DOOR):
            await self._application(scope, receive, send)
            return
        try:
            async with asyncio.timeout(PATIENCE):
                message = await whole(receive, LONGEST_BODY)
        except TimeoutError:
            await refuse(send, 408, "too_slow", "The notification did not arrive in time.")
            return
        if message is None:
            await refuse(send, 413, "too_large", "This is longer than any notification.")
            return
        if self._waiting >= MOST_WAITING:
            await refuse(send, 503, "busy", "Too many notifications at once.")
            return
        self._waiting += 1
        try:
            await self._admit({**scope, ARRIVED: time.monotonic()}, message, receive, send)
        finally:
            self._waiting -= 1

    async def _admit(self, scope: Any, message: Any, receive: Receive, send: Send) -> None:
        left = [message]

        async def replay() -> Any:
            return left.pop() if left else await receive()

        async with self._turns:
            await self._application(scope, replay, send)


async def whole(receive: Receive, most: int) -> Any:
    """The request as one message; None when it has more than `most` bytes."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return message  # whoever sent it has gone
        body += message.get("body", b"")
        if len(body) > most:
            return None
        if not message.get("more_body", False):
            return {"type": "http.request", "body": bytes(body), "more_body": False}


async def refuse(send: Send, status: int, code: str, said: str) -> None:
    """Answer in the API's shape, then close: what is still on its way is not read."""
    body = json.dumps({"success": False, "code": code, "message": said}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, (b"connection", b"close")]})
    await send({"type": "http.response.body", "body": body})
