"""Download one big message piece by piece."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import google.auth.credentials
import orjson
import requests
from google.auth.transport.requests import AuthorizedSession

from gmail import answers, failures
from gmail.errors import Transient

PIECE = 256 * 1024
# Gmail stores messages up to 150 MiB, base64 and JSON make 200 MiB of it.
MOST_BYTES = 256 * 1024 * 1024


class Downloader:
    """One streaming session with one account's credentials; `timeout` bounds each silence, in seconds."""

    def __init__(self, credentials: google.auth.credentials.Credentials, *, timeout: float) -> None:
        self._timeout = timeout
        self._session = AuthorizedSession(credentials, refresh_timeout=timeout)

    def get(self, url: str, *, on_chunk: Callable[[int], None]) -> Any:
        """The parsed answer; `on_chunk` hears the bytes so far, what it raises passes through. Raises a GmailError."""
        try:
            answer = self._session.get(url, stream=True, timeout=self._timeout, allow_redirects=False)
        except failures.LIBRARY_FAILURES as error:
            raise failures.from_exception(error) from error
        with answer:
            body = _body(answer, on_chunk)
        if answer.status_code >= 300:
            raise answers.as_error(answer.status_code, bytes(body), now=time.time())
        try:
            return orjson.loads(body)
        except ValueError as error:
            raise Transient("Gmail's answer is not whole JSON") from error

    def close(self) -> None:
        self._session.close()


def _body(answer: requests.Response, on_chunk: Callable[[int], None]) -> bytearray:
    body = bytearray()
    pieces = answer.iter_content(PIECE)
    while piece := _next(pieces):
        body += piece
        if len(body) > MOST_BYTES:
            raise Transient("The answer is larger than any message of Gmail")
        on_chunk(len(body))
    return body


def _next(pieces: Iterator[bytes]) -> bytes:
    """The next piece, empty at the end; only reading is guarded, so that on_chunk's own errors stay what they are."""
    try:
        return next(pieces, b"")
    except failures.LIBRARY_FAILURES as error:
        raise failures.from_exception(error) from error
