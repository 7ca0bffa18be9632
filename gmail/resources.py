"""Hold Gmail's nouns as values.

Message, thread and label ids are strings, history ids are integers, times are milliseconds since 1970.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Format = Literal["raw", "full", "metadata", "minimal"]


@dataclass(frozen=True, slots=True)
class Profile:
    email: str
    messages_total: int
    threads_total: int
    history_id: int


@dataclass(frozen=True, slots=True)
class Label:
    id: str
    name: str
    type: Literal["system", "user"]


@dataclass(frozen=True, slots=True)
class MessageRef:
    id: str
    thread_id: str


@dataclass(frozen=True, slots=True)
class MessagePage:
    """One page of a listing; `estimate` is Gmail's rough total, often far off."""

    refs: tuple[MessageRef, ...]
    next_page_token: str | None
    estimate: int


@dataclass(frozen=True, slots=True)
class Ask:
    """A message or a whole thread to fetch in one of Gmail's formats; of threads there is no "raw".

    `expected` is how many messages its answer is likely to hold: it only decides how many asks share a batch.
    """

    kind: Literal["message", "thread"]
    id: str
    format: Format = "full"
    expected: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Message:
    """A message; `snippet` is plain text, `size` is in bytes.

    `raw` comes with format "raw" only, `payload` (Gmail's JSON tree of parts) with "full" and "metadata" only.
    """

    id: str
    thread_id: str
    label_ids: tuple[str, ...]
    history_id: int
    internal_date: int
    size: int
    snippet: str
    raw: bytes | None = None
    payload: Mapping[str, Any] | None = field(default=None, hash=False)


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation with all its messages, oldest first, those in spam and trash included."""

    id: str
    history_id: int
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class LabelChange:
    """The labels that one record adds to or removes from a message (not all its labels)."""

    message_id: str
    thread_id: str
    label_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HistoryRecord:
    id: int
    added: tuple[MessageRef, ...] = ()
    deleted: tuple[MessageRef, ...] = ()
    labels_added: tuple[LabelChange, ...] = ()
    labels_removed: tuple[LabelChange, ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """One page of history, oldest first; `history_id` is the mailbox's current one."""

    records: tuple[HistoryRecord, ...]
    next_page_token: str | None
    history_id: int


@dataclass(frozen=True, slots=True)
class Watch:
    """A granted watch: notifications start after `history_id`, end at `expiration` (milliseconds)."""

    history_id: int
    expiration: int
