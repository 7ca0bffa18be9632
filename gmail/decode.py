"""Read Gmail's JSON answers into resources.

Gmail writes 64-bit numbers as strings, leaves empty lists out, HTML-escapes snippets.
Every function here raises Transient when the answer lacks what Gmail promises: such an answer was cut or mixed up.
"""

import base64
import functools
import html
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from gmail.errors import Transient
from gmail.mime.charsets import clean
from gmail.resources import (
    Format,
    HistoryPage,
    HistoryRecord,
    Label,
    LabelChange,
    Message,
    MessagePage,
    MessageRef,
    Profile,
    Thread,
    Watch,
)

STEP = 1024 * 1024  # a multiple of 4 characters
Json = Mapping[str, Any]
T = TypeVar("T")


def _whole(read: Callable[[Json], T]) -> Callable[[Json], T]:
    @functools.wraps(read)
    def guarded(body: Json) -> T:
        try:
            return read(body)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Transient(f"Gmail's answer lacks part of a {read.__name__} ({type(error).__name__})") from error

    return guarded


@_whole
def profile(body: Json) -> Profile:
    return Profile(
        email=body["emailAddress"],
        messages_total=int(body.get("messagesTotal", 0)),
        threads_total=int(body.get("threadsTotal", 0)),
        history_id=int(body["historyId"]),
    )


@_whole
def labels(body: Json) -> list[Label]:
    return [
        Label(id=item["id"], name=item["name"], type="system" if item.get("type") == "system" else "user")
        for item in body.get("labels", ())
    ]


def _ref(item: Json) -> MessageRef:
    return MessageRef(id=item["id"], thread_id=item.get("threadId", ""))


@_whole
def message_page(body: Json) -> MessagePage:
    return MessagePage(
        refs=tuple(map(_ref, body.get("messages", ()))),
        next_page_token=body.get("nextPageToken") or None,
        estimate=int(body.get("resultSizeEstimate", 0)),
    )


def base64url(data: str) -> bytes:
    """Decode Gmail's base64url, padded or not; ValueError when it is cut."""
    if len(data) > STEP:  # each decoding copies its text three times
        return b"".join(base64url(data[at : at + STEP]) for at in range(0, len(data), STEP))
    return base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))


@_whole
def message(body: Json) -> Message:
    return Message(
        id=body["id"],
        thread_id=body["threadId"],
        label_ids=tuple(body.get("labelIds", ())),
        history_id=int(body["historyId"]),
        internal_date=int(body["internalDate"]),
        size=int(body.get("sizeEstimate", 0)),
        snippet=clean(html.unescape(body.get("snippet", ""))),
        raw=base64url(body["raw"]) if "raw" in body else None,
        payload=_object(body["payload"]) if "payload" in body else None,
    )


def complete(message: Message, format: Format) -> Message:
    """The message, if its content came as `format` promises: a mail without any must not be taken for an empty one."""
    if (format == "raw" and not message.raw) or (format == "full" and message.payload is None):
        raise Transient("Gmail's answer lacks the content of a message")
    return message


def _object(value: Json) -> Json:
    if not isinstance(value, Mapping):
        raise TypeError
    return value


@_whole
def thread(body: Json) -> Thread:
    return Thread(
        id=body["id"], history_id=int(body["historyId"]), messages=tuple(map(message, body.get("messages", ())))
    )


@_whole
def attachment(body: Json) -> bytes:
    return base64url(body["data"])


def _label_change(item: Json) -> LabelChange:
    return LabelChange(
        message_id=item["message"]["id"],
        thread_id=item["message"].get("threadId", ""),
        label_ids=tuple(item.get("labelIds", ())),
    )


def _record(item: Json) -> HistoryRecord:
    return HistoryRecord(
        id=int(item["id"]),
        added=tuple(_ref(change["message"]) for change in item.get("messagesAdded", ())),
        deleted=tuple(_ref(change["message"]) for change in item.get("messagesDeleted", ())),
        labels_added=tuple(map(_label_change, item.get("labelsAdded", ()))),
        labels_removed=tuple(map(_label_change, item.get("labelsRemoved", ()))),
    )


@_whole
def history_page(body: Json) -> HistoryPage:
    return HistoryPage(
        records=tuple(map(_record, body.get("history", ()))),
        next_page_token=body.get("nextPageToken") or None,
        history_id=int(body["historyId"]),
    )


@_whole
def watch(body: Json) -> Watch:
    return Watch(history_id=int(body["historyId"]), expiration=int(body["expiration"]))
