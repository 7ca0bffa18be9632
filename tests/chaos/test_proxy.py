"""The proxy does what its weather says."""

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.chaos.proxy import Network, Proxy


@pytest.fixture
def echo() -> Iterator[int]:
    """A server that says what it hears."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve(connection: socket.socket) -> None:
            with connection:
                try:
                    while data := connection.recv(1000):
                        connection.sendall(data)
                except OSError:
                    return

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=[connection], daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def proxy(echo: int) -> Iterator[Proxy]:
    network = Network()
    yield network.proxy(echo)
    network.stop()


@pytest.fixture
def client(proxy: Proxy) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as connected:
        connected.sendall(b"hello")
        assert connected.recv(100) == b"hello"
        yield connected


def test_a_reset_breaks_what_is_open_and_nothing_that_comes_later(client: socket.socket, proxy: Proxy) -> None:
    assert proxy.reset() == 1
    with pytest.raises(ConnectionResetError):
        client.recv(100)
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as later:
        later.sendall(b"again")
        assert later.recv(100) == b"again"


def test_a_stall_delivers_late_but_whole(client: socket.socket, proxy: Proxy) -> None:
    proxy.change("stall")
    client.sendall(b"patience")
    client.settimeout(0.2)
    with pytest.raises(TimeoutError):
        client.recv(100)
    proxy.change("clear")
    client.settimeout(5)
    assert client.recv(100) == b"patience"


def test_a_black_hole_says_nothing_and_ends_with_a_reset(client: socket.socket, proxy: Proxy) -> None:
    proxy.change("blackhole")
    client.sendall(b"lost")
    client.settimeout(0.2)
    with pytest.raises(TimeoutError):
        client.recv(100)
    proxy.change("clear")
    client.settimeout(5)
    with pytest.raises(ConnectionResetError):
        client.recv(100)


def test_a_truncated_piece_arrives_in_part(client: socket.socket, proxy: Proxy) -> None:
    proxy.change("truncate")
    client.sendall(b"12345678")
    heard = b""
    try:
        while data := client.recv(100):
            heard += data
    except ConnectionResetError:
        pass
    assert heard in (b"", b"12", b"1234")


def test_a_trickle_is_a_byte_a_second_until_the_weather_clears(client: socket.socket, proxy: Proxy) -> None:
    proxy.change("trickle")
    client.sendall(b"slow")
    assert client.recv(100) == b"s"
    proxy.change("clear")
    heard = b"s"
    while len(heard) < 4:
        heard += client.recv(100)
    assert heard == b"slow"
