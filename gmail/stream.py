"""Download one big message piece by piece."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import google.auth.credentials
import orjson
import requests
from google.auth.transport.requests import AuthorizedSession

from gmail import answers, decode, failures
from gmail.errors import Transient
from gmail.resources import Message
from gmail.sieve import Sieve

PIECE = 256 * 1024
# Gmail stores messages up to 150 MiB; base64 and JSON make 200 MiB of it.
MOST_BYTES = 256 * 1024 * 1024


class Downloader:
    """One streaming session with one account's credentials; `timeout` bounds each silence, in seconds."""

    def __init__(self, credentials: google.auth.credentials.Credentials, *, timeout: float) -> None:
        self._timeout = timeout
        self._session = AuthorizedSession(credentials, refresh_timeout=timeout)

    def get(self, url: str, *, on_chunk: Callable[[int], None]) -> Message:
        """The message; `on_chunk` hears the bytes so far, what it raises passes through. Raises a GmailError."""
        try:
            answer = self._session.get(url, stream=True, timeout=self._timeout, allow_redirects=False)
        except failures.LIBRARY_FAILURES as error:
            raise failures.from_exception(error) from error
        with answer:
            pieces = _pieces(answer)
            if answer.status_code >= 300:
                date = answer.headers.get("Date", "")
                raise answers.as_error(answer.status_code, next(pieces, b""), now=time.time(), date=date)
            return _message(pieces, on_chunk)

    def close(self) -> None:
        self._session.close()


def _message(pieces: Iterator[bytes], on_chunk: Callable[[int], None]) -> Message:
    sieve, received = Sieve(), 0
    for piece in pieces:
        received += len(piece)
        if received > MOST_BYTES:
            raise Transient("The answer is larger than any message of Gmail")
        try:
            sieve.feed(piece)
        except ValueError as error:
            raise Transient("The message is not whole base64") from error
        on_chunk(received)
    try:
        body = orjson.loads(sieve.rest)
    except ValueError as error:
        raise Transient("Gmail's answer is not whole JSON") from error
    message = decode.message(body)
    return decode.complete(message if not sieve.found else replace(message, raw=bytes(sieve.raw)), "raw")


def _pieces(answer: requests.Response) -> Iterator[bytes]:
    """The body; only reading is guarded, so that what on_chunk raises stays what it is."""
    pieces = answer.iter_content(PIECE)
    while True:
        try:
            piece = next(pieces, b"")
        except failures.LIBRARY_FAILURES as error:
            raise failures.from_exception(error) from error
        if not piece:
            return
        yield piece
