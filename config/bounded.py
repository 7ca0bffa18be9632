"""Refuse requests that are too long, or do not arrive, before Django keeps anything of them."""

import asyncio
from typing import Any

from django.conf import settings

from mailsync.api.bounded import Application, Receive, Send, refuse, whole

PATIENCE = 30.0  # seconds for all of a body


class Bounded:
    """The application, which is given whole bodies only; one that says itself that it is too long is not read at all."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """As ASGI wants it."""
        length = _length(scope)
        if length == 0:
            await self._application(scope, receive, send)
            return
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        try:
            async with asyncio.timeout(PATIENCE):
                message = await whole(receive, most) if length is None or length <= most else None
        except TimeoutError:
            await refuse(send, 408, "too_slow", "The request did not arrive in time. 请求未能及时到达。")
            return
        if message is None:
            await refuse(send, 413, "too_large", "This request is too large. 请求过大。")
            return
        left = [message]

        async def replay() -> Any:
            return left.pop() if left else await receive()

        await self._application(scope, replay, send)


def _length(scope: Any) -> int | None:
    """Bytes of the body as its head has them; None where it has no length, which a body in chunks has not."""
    headers = dict(scope["headers"])
    if b"transfer-encoding" in headers:
        return None
    return int(headers.get(b"content-length", b"0"))  # the server has refused what is no number
