"""Call the methods of Gmail's API that a mirror needs."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar

import google.auth.credentials
from googleapiclient.http import HttpRequest

from gmail import decode
from gmail.calls import Calls
from gmail.discovery import resources
from gmail.errors import GmailError
from gmail.exchange import Observer, unobserved
from gmail.fetch import Fetch
from gmail.parts import Appetite
from gmail.prices import PRICES
from gmail.quota import Bucket, Unlimited
from gmail.resources import Ask, Format, HistoryPage, Label, Message, MessagePage, Profile, Thread, Watch
from gmail.stream import Downloader
from gmail.transport import Transport

T = TypeVar("T")
ME = "me"
UNLIMITED = Unlimited()


class GmailClient:
    """One account's mailbox; belongs to one thread.

    `base_url` "" is the real Gmail. `wait(seconds, reason)` sleeps for the client, reason "quota" or "backoff"; what
    it raises passes through. `observe` is told of each HTTP request. Every method raises GmailError: RateLimited at
    once, Transient after three repetitions.
    """

    def __init__(
        self,
        credentials: google.auth.credentials.Credentials,
        *,
        wait: Callable[[float, str], None],
        base_url: str = "",
        bucket: Bucket = UNLIMITED,
        prices: Mapping[str, int] = PRICES["2026"],
        timeout: float = 30.0,
        max_wait: float = 120.0,
        observe: Observer = unobserved,
    ) -> None:
        self.bucket = bucket
        self._calls = Calls(bucket, prices, wait, max_wait, observe=observe)
        self._resources = resources(base_url)
        self._transport = Transport(credentials, timeout=timeout)
        self._downloader = Downloader(credentials, timeout=timeout)

    @property
    def units(self) -> int:
        """Quota units spent so far."""
        return self._calls.units

    @property
    def requests(self) -> int:
        """HTTP requests paid for so far; a batch is one."""
        return self._calls.requests

    def get_profile(self) -> Profile:
        return self._call("getProfile", lambda: self._resources.users.getProfile(userId=ME), decode.profile)

    def list_labels(self) -> list[Label]:
        return self._call("labels.list", lambda: self._resources.labels.list(userId=ME), decode.labels)

    def list_messages(
        self,
        *,
        q: str | None = None,
        label_ids: Sequence[str] = (),
        page_token: str | None = None,
        include_spam_trash: bool = True,
        max_results: int = 500,
    ) -> MessagePage:
        """A page of ids, newest first as a rule; a page may be empty and still name a next one."""
        options = _given(q=q, labelIds=list(label_ids), pageToken=page_token)
        return self._call(
            "messages.list",
            lambda: self._resources.messages.list(
                userId=ME, includeSpamTrash=include_spam_trash, maxResults=max_results, **options
            ),
            decode.message_page,
        )

    def get_message(self, id: str, *, format: Format = "raw") -> Message:
        return self._call(
            "messages.get",
            lambda: self._message(id, format),
            lambda body: decode.complete(decode.message(body), format),
        )

    def fetch(self, asks: Iterable[Ask]) -> Iterator[tuple[Ask, Message | Thread | GmailError]]:
        """Each ask once with its answer or its own error (NotFound, Refused, lasting Transient), in no promised order.

        Raises GrantRevoked, Transient when a whole batch keeps failing, RateLimited when Gmail or our own quota asks
        for more patience than `max_wait`; what was not yielded until then was not fetched.
        """
        return Fetch(
            self._calls,
            self._appetite,
            send=lambda requests: self._transport.execute_batch(self._resources.batch_uri, requests),
            request=self._request,
        ).run(asks)

    def get_messages(self, ids: Sequence[str], *, format: Format = "raw") -> Iterator[tuple[str, Message | GmailError]]:
        """Each id once with its message or its own error; raises as `fetch` does."""
        for ask, answer in self.fetch(Ask("message", id_, format) for id_ in ids):
            if not isinstance(answer, Thread):
                yield ask.id, answer

    def stream_message(self, id: str, *, on_chunk: Callable[[int], None]) -> Message:
        """One big message with its raw bytes; `on_chunk` hears the bytes received so far and may raise."""
        url = self._message(id, "raw").uri
        units = self._calls.price("messages.get")
        return self._calls.repeat(units, lambda: self._downloader.get(url, on_chunk=on_chunk), "messages.get")

    def get_attachment(self, message_id: str, attachment_id: str) -> bytes:
        """The bytes of an attachment; ids age: take one from a fresh messages.get."""
        return self._call(
            "messages.attachments.get",
            lambda: self._resources.attachments.get(userId=ME, messageId=message_id, id=attachment_id),
            decode.attachment,
        )

    def list_history(
        self, start_history_id: int, *, page_token: str | None = None, max_results: int = 500
    ) -> HistoryPage:
        """The changes after `start_history_id`, the same on all pages; raises HistoryExpired."""
        options = _given(pageToken=page_token)
        return self._call(
            "history.list",
            lambda: self._resources.history.list(
                userId=ME, startHistoryId=str(start_history_id), maxResults=max_results, **options
            ),
            decode.history_page,
            history=True,
        )

    def watch(self, topic: str) -> Watch:
        """Ask for notifications on a Pub/Sub topic ("projects/P/topics/T"), for a week at most."""
        body = {"topicName": topic}
        return self._call("watch", lambda: self._resources.users.watch(userId=ME, body=body), decode.watch)

    def stop(self) -> None:
        """End all notifications about this mailbox."""
        self._call("stop", lambda: self._resources.users.stop(userId=ME), lambda body: None)

    @cached_property
    def _appetite(self) -> Appetite:
        """Only who fetches many messages asks what Gmail bore."""
        return Appetite(self.bucket)

    def close(self) -> None:
        self._transport.close()
        self._downloader.close()

    def _request(self, ask: Ask) -> HttpRequest:
        if ask.kind == "message":
            return self._message(ask.id, ask.format)
        return self._resources.threads.get(userId=ME, id=ask.id, format=ask.format)

    def _message(self, id: str, format: Format) -> HttpRequest:
        return self._resources.messages.get(userId=ME, id=id, format=format)

    def _call(
        self, method: str, request: Callable[[], HttpRequest], read: Callable[[Any], T], *, history: bool = False
    ) -> T:
        units = self._calls.price(method)
        return self._calls.repeat(units, lambda: read(self._transport.execute(request(), history=history)), method)


def _given(**options: Any) -> dict[str, Any]:
    """The options that say something: google-api-python-client takes None for a value."""
    return {name: value for name, value in options.items() if value}
