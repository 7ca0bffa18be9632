"""Exchange one HTTP request with Google: authorise it, bound its time, translate its failure.

A Transport belongs to one thread: httplib2 connections cannot be shared.
"""

import time
from collections.abc import Callable
from typing import Any, TypeVar

import google.auth.credentials
import httplib2
from google_auth_httplib2 import AuthorizedHttp, Request
from googleapiclient.errors import HttpError
from googleapiclient.http import HttpRequest

from gmail import answers, failures
from gmail.batch import BatchGet, Part
from gmail.errors import GmailError

T = TypeVar("T")
K = TypeVar("K")


class Transport:
    """Executes requests of google-api-python-client with one account's credentials."""

    def __init__(self, credentials: google.auth.credentials.Credentials, *, timeout: float) -> None:
        plain = httplib2.Http(timeout=timeout)
        plain.follow_redirects = False  # a redirect would carry the token elsewhere
        self.http = AuthorizedHttp(credentials, http=plain)
        self.refresh_request = Request(plain)

    def execute(self, request: HttpRequest, *, history: bool = False) -> Any:
        """The parsed answer; raises a GmailError."""
        try:
            return self._exchange(lambda: request.execute(http=self.http))
        except HttpError as error:
            raise as_error(error, history=history) from error

    def execute_batch(self, batch_uri: str, requests: dict[K, HttpRequest]) -> dict[K, Part]:
        """One answer or error per request, by its key; raises a GmailError when the batch as a whole fails."""
        try:
            parts = self._exchange(lambda: self._send_batch(batch_uri, requests))
        except HttpError as error:
            raise as_error(error) from error
        return {key: as_error(part) if isinstance(part, HttpError) else part for key, part in parts.items()}

    def _send_batch(self, batch_uri: str, requests: dict[K, HttpRequest]) -> dict[K, Any]:
        if not self.http.credentials.valid:
            # Here, because BatchHttpRequest would refresh through an Http without a time-out.
            self.http.credentials.refresh(self.refresh_request)
        return BatchGet(batch_uri, self.refresh_request).collect(requests, self.http)

    def _exchange(self, send: Callable[[], T]) -> T:
        """Send; again at once if the connection was kept from before: the server may have closed it meanwhile."""
        kept = bool(self.http.connections)
        try:
            try:
                return send()
            except failures.BROKEN_CONNECTION:
                self.http.close()
                if not kept:
                    raise
                return send()
        except failures.LIBRARY_FAILURES as error:
            self.http.close()
            raise failures.from_exception(error) from error

    def close(self) -> None:
        self.http.close()


def as_error(error: HttpError, *, history: bool = False) -> GmailError:
    """The GmailError that the library's HttpError means."""
    date = error.resp.get("date", "")
    return answers.as_error(error.resp.status, error.content, now=time.time(), date=date, history=history)
