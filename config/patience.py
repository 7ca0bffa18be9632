"""Bound how long a browser may take to ask, and to take what it asked for.

uvicorn waits without end for a head that comes a byte at a time and for a reader that does not read; each holds a socket, the
second an answer in memory as well. How long a body may take is bounded in `config.bounded`.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 20.0  # for the request line with all headers
LONGEST_HEAD = 65_536  # bytes; a long search of the API has some ten thousand
STALLED_SECONDS = 30.0  # in which a reader takes some 64 KB; 2 KB/s is a bad line
_TOO_LONG = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Patient(HttpToolsProtocol):
    """One connection; what its peer keeps waiting too long is closed."""

    _head: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    _read = 0

    def connection_made(self, transport: Any) -> None:
        """The first head is awaited from now on; the next ones from their first byte on, uvicorn closes idle connections."""
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Some of a head, of a body, or of both."""
        if self.cycle is None or self.cycle.response_complete:
            self._await_head()
        super().data_received(data)
        if self._head is None:
            return
        self._read += len(data)
        if self._read > LONGEST_HEAD and not self.transport.is_closing():
            self.transport.write(_TOO_LONG)
            self.transport.close()

    def on_headers_complete(self) -> None:
        """The head is here, whether of a request or of a socket."""
        self._forget_head()
        super().on_headers_complete()

    def pause_writing(self) -> None:
        """The peer does not take what is there for it."""
        super().pause_writing()
        self._stalled = self._stalled or self.loop.call_later(STALLED_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """It does again."""
        super().resume_writing()
        self._forget_stall()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        super().connection_lost(exc)
        self._forget_head()
        self._forget_stall()

    def _await_head(self) -> None:
        self._head = self._head or self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _forget_head(self) -> None:
        if self._head is not None:
            self._head.cancel()
        self._head, self._read = None, 0

    def _forget_stall(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
        self._stalled = None
