"""An HTTPS proxy that takes clients of the real Google to the simulator without changing them."""

import asyncio
import ssl
from pathlib import Path
from tempfile import TemporaryDirectory

from gmail.simulator.authority import Authority

HOSTS = ("gmail.googleapis.com", "www.googleapis.com", "oauth2.googleapis.com", "accounts.google.com")
CHUNK = 65_536
PATIENCE = 30.0


def server_context(authority: Authority) -> ssl.SSLContext:
    """TLS for all of Google's hosts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with TemporaryDirectory() as directory:
        file = Path(directory, "server.pem")
        file.touch(mode=0o600)
        file.write_bytes(authority.leaf(HOSTS))
        context.load_cert_chain(file)
    return context


class Tunnel:
    """Answers CONNECT for `HOSTS` only; what follows goes to the TLS address `inner` of the simulator."""

    def __init__(self, inner: tuple[str, int]) -> None:
        self._inner = inner

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection from its CONNECT to its end."""
        try:
            async with asyncio.timeout(PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
            verb, target, *_ = head.decode("latin-1").split(" ")
            if verb != "CONNECT" or target.rpartition(":")[0] not in HOSTS:
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                return
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            inner_reader, inner_writer = await asyncio.open_connection(*self._inner)
            async with asyncio.TaskGroup() as both:
                both.create_task(_pour(reader, inner_writer))
                both.create_task(_pour(inner_reader, writer))
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client went away, or never was one
        finally:
            writer.close()


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(CHUNK):
            sink.write(data)
            await sink.drain()
    except OSError:
        pass  # one side has ended: so does the other
    finally:
        sink.close()
