"""Post to an address that a user chose, without reaching anything that only this machine can reach."""

import asyncio
import ipaddress
import socket
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

SECONDS = 10.0  # for all of it, however slowly the other side answers
LONGEST_URL = 500
NAT64 = ipaddress.ip_network("64:ff9b::/96")  # leads to any IPv4 address, private ones among them


class Refused(Exception):
    """The other side was not reached or did not accept; the text is a word for the row: no address, no secret."""


def problem(url: str) -> str:
    """Why nothing can be posted to `url`: "scheme", "host", "password", "length"; "" if its form is right."""
    if len(url) > LONGEST_URL:
        return "length"
    try:
        parts = URL(url)
    except ValueError:
        return "host"
    if parts.scheme not in {"http", "https"}:
        return "scheme"
    if parts.raw_user is not None or parts.raw_password is not None:
        return "password"
    return "" if parts.raw_host and parts.port and url.isprintable() else "host"


def is_private(host: str, *, literal: bool = False) -> bool:
    """Whether an address is not of the public internet; with `literal`, what is no address at all is not private."""
    try:
        address = ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return not literal
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is not None or address in NAT64:
            return inner is None or is_private(str(inner))
    return not address.is_global or address.is_multicast


def post(url: str, body: bytes, headers: dict[str, str], *, private: bool) -> int:
    """The status, 2xx. Raises Refused. `private`: addresses of inner networks are allowed. Redirects are not followed."""
    if problem(url):
        raise Refused("url")
    # As the client reads it, which asks no resolver about what it takes for an address.
    if not private and is_private(URL(url).raw_host or "", literal=True):
        raise Refused("private_address")
    try:
        status = asyncio.run(_post(url, body, headers, private))
    except _PrivateAddress:
        raise Refused("private_address") from None
    except TimeoutError:
        raise Refused("timeout") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        if isinstance(error.__cause__, _PrivateAddress):
            raise Refused("private_address") from None
        raise Refused("unreachable") from None
    if not 200 <= status < 300:
        raise Refused(f"http_{status}")
    return status


async def _post(url: str, body: bytes, headers: dict[str, str], private: bool) -> int:
    connector = aiohttp.TCPConnector(resolver=_Checked(private), use_dns_cache=False, force_close=True)
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    async with (
        aiohttp.ClientSession(connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
        session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
    ):
        return answer.status  # whatever it says beside is not read


class _PrivateAddress(OSError):
    pass


class _Checked(AbstractResolver):
    """The addresses of a name that are connected to are those that were looked at: it cannot change its mind between."""

    def __init__(self, private: bool) -> None:
        self._private = private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        kept = [each for each in found if self._private or not is_private(str(each[4][0]))]
        if found and not kept:
            raise _PrivateAddress(host)
        return [_resolved(host, each) for each in kept]

    async def close(self) -> None:
        """Nothing is kept open."""


def _resolved(host: str, info: Any) -> ResolveResult:
    family, _type, proto, _name, address = info
    return ResolveResult(
        hostname=host, host=address[0], port=address[1], family=family, proto=proto, flags=socket.AI_NUMERICHOST
    )
