"""Where the web process listens, and how it is asked whether it works."""

import contextlib
import http.client
import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from config.embedded.errors import CannotStart


@dataclass(frozen=True, slots=True)
class Address:
    """The host and port to listen on; `allowed_host` is a name that Django answers to."""

    host: str
    port: int
    allowed_host: str

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def reachable_host(self) -> str:
        """Where a client on this machine finds it."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.host, self.host)  # noqa: S104

    @property
    def url(self) -> str:
        host = f"[{self.reachable_host}]" if ":" in self.reachable_host else self.reachable_host
        return f"http://{host}:{self.port}"


def read(environ: Mapping[str, str]) -> Address:
    """The address that the environment asks for; raises CannotStart on nonsense."""
    port = environ.get("PORT") or "8000"
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise CannotStart(f"PORT must be a number from 1 to 65535, not {port!r}.")
    names = [name.strip().lstrip(".") for name in environ.get("ALLOWED_HOSTS", "").split(",")]
    allowed = next((name for name in names if name and name != "*"), "127.0.0.1")
    return Address(environ.get("HOST") or "127.0.0.1", int(port), allowed)


def ensure_free(address: Address) -> None:
    """Raises CannotStart when we could not listen there."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
            probe.listen(1)
    except socket.gaierror:
        raise CannotStart(f"HOST {address.host!r} is not an address of this machine.") from None
    except OSError as error:
        raise CannotStart(
            f"Cannot listen on {address.host} port {address.port}: {error.strerror}; set PORT to a free one."
        ) from None


def status(address: Address, path: str) -> int | None:
    """The status that the web process answers with; None while it does not answer."""
    connection = http.client.HTTPConnection(address.reachable_host, address.port, timeout=3)
    with contextlib.closing(connection):
        try:
            connection.request("GET", path, headers={"Host": address.allowed_host, "X-Forwarded-Proto": "https"})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
