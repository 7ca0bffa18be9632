"""A webhook reaches the internet, never the inside."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from mailsync.notices import outside
from mailsync.notices.outside import Refused, is_private, post, problem

INNER = [
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"),
    *("255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::"),
    *("64:ff9b::7f00:1", "fe80::1%eth0", "ff02::1"),
]


class Listener(ThreadingHTTPServer):
    """A real one; `seen` is what reached it."""

    daemon_threads = True

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, str], bytes]] = []
        self.status = 204
        super().__init__(("127.0.0.1", 0), Answering)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class Answering(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", self.server.url + "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("host", INNER)
def test_inner_addresses_are_known(host: str) -> None:
    assert is_private(host)


@pytest.mark.parametrize("host", ["93.184.215.14", "2606:2800:220:1::1", "::ffff:93.184.215.14"])
def test_addresses_of_the_internet_are_known(host: str) -> None:
    assert not is_private(host)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::1]", "[::ffff:7f00:1]", "0"]
)
def test_no_spelling_of_loopback_reaches_it(listener: Listener, host: str) -> None:
    with pytest.raises(Refused):
        post(f"http://{host}:{listener.server_port}/hook", b"{}", {}, private=False)
    assert listener.seen == []


def test_a_name_that_changes_its_mind_is_reached_where_it_was_looked_at(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: an answer for the check, another for the connection. There is one question only."""
    asked: list[str] = []
    ask = socket.getaddrinfo

    def lying(host: str, *rest: Any, **more: Any) -> Any:
        asked.append(host)
        return ask("127.0.0.1", *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", lying)
    with pytest.raises(Refused, match="private_address"):
        post(f"http://rebinding.example:{listener.server_port}/", b"{}", {}, private=False)
    assert asked == ["rebinding.example"] and listener.seen == []


def test_a_redirect_is_not_followed(listener: Listener) -> None:
    listener.status = 302
    with pytest.raises(Refused, match="http_302"):
        post(listener.url, b"{}", {}, private=True)
    assert [path for path, *_ in listener.seen] == ["/hook"]


def test_one_that_never_answers_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Refused, match="timeout"):
        post(f"http://127.0.0.1:{silent.getsockname()[1]}/", b"{}", {}, private=True)


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("https://hooks.example.com/a?b=c", ""),
        ("http://[2606:2800:220:1::1]:8080/", ""),
        ("ftp://example.com/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://127.0.0.1:6379/_FLUSHALL", "scheme"),
        ("https://user:secret@example.com/", "password"),
        ("https://", "host"),
        ("https://example.com:99999/", "host"),
        ("not an address", "scheme"),
        ("https://example.com/" + "x" * 500, "length"),
    ],
)
def test_the_form_of_an_address_is_judged_when_it_is_typed(url: str, wrong: str) -> None:
    assert problem(url) == wrong
