"""Notice who is asked for anything, show pages to a browser."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from playwright.sync_api import Page


class Spy:
    """A port that counts whoever connects, whatever they would say."""

    def __init__(self) -> None:
        self.connections = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.location = f"127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        try:
            while True:
                self._socket.accept()[0].close()
                self.connections += 1
        except OSError:  # closed
            return

    def close(self) -> None:
        """Listen no more."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@contextmanager
def serving(pages: Mapping[str, str], policy: str = "") -> Iterator[str]:
    """The address of a server of these pages, by path, under a content security policy."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = pages.get(self.path)
            self.send_response(404 if page is None else 200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            if policy and self.path != "/":
                self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write((page or "").encode())

        def log_message(self, *said: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class Watch:
    """What a page lets happen: what ran, what was asked for elsewhere than at `home`."""

    def __init__(self, page: Page, home: str) -> None:
        self.said: list[str] = []
        self.asked: list[tuple[str, str]] = []  # (kind, address)
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("dialog", lambda dialog: (self.said.append("dialog"), dialog.dismiss()))
        page.on("request", lambda request: self._noted(request.resource_type, request.url, home))

    def _noted(self, kind: str, address: str, home: str) -> None:
        if not address.startswith((home, "data:", "about:", "blob:")):
            self.asked.append((kind, address))


FRAMES = """([addresses, sandbox]) => Promise.all(addresses.map((address) => new Promise((resolve) => {
    const frame = document.createElement("iframe");
    if (sandbox !== null) frame.setAttribute("sandbox", sandbox);
    frame.onload = resolve;
    setTimeout(resolve, 4000);
    frame.src = address;
    document.body.append(frame);
})))"""
SETTLED = 700  # milliseconds in which what wants to run later has done so


def show_all(page: Page, addresses: list[str], sandbox: str | None) -> None:
    """All of these pages at once, each in a frame of its own."""
    page.evaluate(FRAMES, [addresses, sandbox])
    page.wait_for_timeout(SETTLED)
