"""Answer by Django, without keeping a connection to Postgres for as long as a browser takes to read."""

from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponseBase

from mailsync.connections import release

SMALL = 65_536  # bytes that the socket takes at once, from whoever reads


class Released(ASGIHandler):
    """Django's own, but that a long answer is sent when its request has given its connection back to the pool."""

    async def send_response(self, response: HttpResponseBase, send: Any) -> None:
        """In the thread of the request: connections belong to threads."""
        if response.streaming or len(response.content) > SMALL:  # type: ignore[attr-defined] # one of both it has
            await sync_to_async(release, thread_sensitive=True)()
        await super().send_response(response, send)
