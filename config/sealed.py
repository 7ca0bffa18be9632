"""Send every answer with the headers that keep a browser from making more of it than it is."""

from collections.abc import Iterable
from typing import Any

from mailsync.api.bounded import Application, Receive, Send

POLICY = b"content-security-policy"
# Where an answer says nothing else itself: pages have a policy of their own, files of the product may be kept.
HEADERS = (
    (b"cache-control", b"private, no-store"),
    (POLICY, b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
# django-csp leaves out what DEBUG makes of 404 and 500, whose styles stand within them.
OF_PAGES = (
    POLICY,
    b"default-src 'self'; style-src 'self' 'unsafe-inline'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'",
)


class Sealed:
    """The application; whatever it answers, pages, files, errors, refusals, bears all of HEADERS."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """As ASGI wants it."""

        async def sealed(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": completed(message["headers"])}
            await send(message)

        await self._application(scope, receive, sealed)


def completed(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of an answer with those that it lacks."""
    said = {bytes(name).lower(): value for name, value in headers}
    wanted = dict([*HEADERS, OF_PAGES]) if said.get(b"content-type", b"").startswith(b"text/html") else dict(HEADERS)
    return [*headers, *((name, value) for name, value in wanted.items() if name not in said)]
