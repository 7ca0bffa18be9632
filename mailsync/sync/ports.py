"""What the engine needs of the world around it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from gmail.errors import GmailError, Transient
from gmail.resources import Label, Message, MessageRef
from mailsync.sync.checkpoint import Checkpoint, Position
from mailsync.sync.plan import Changes


class SuddenlyEmpty(Exception):
    """Gmail lists (almost) nothing where the mirror holds mail: nothing is marked as gone until a person confirms it."""

    code = "suddenly_empty"

    def __init__(self, listed: int, mirrored: int) -> None:
        super().__init__(f"{listed} of {mirrored}")
        self.listed, self.mirrored = listed, mirrored


@dataclass(slots=True)
class Batch:
    """What came of fetching a handful of messages."""

    messages: list[Message] = field(default_factory=list)
    vanished: list[str] = field(default_factory=list)
    failed: list[tuple[str, GmailError]] = field(default_factory=list)
    bytes: int = 0
    settled: set[str] = field(default_factory=set)
    outage: Transient | None = (
        None  # nothing but this was answered, and it is believed to last: to be raised when saved
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """An id that is still to be fetched; `large` is too big for a batch."""

    id: str
    thread_id: str = ""
    large: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """How many ids of a pass are listed, how many of them still wanted."""

    listed: int
    wanted: int

    def changed(self, listed: int, wanted: int) -> "Tally":
        """With so many more of each."""
        return Tally(self.listed + listed, self.wanted + wanted)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What certifying found: ids that Gmail has and the mirror lacks, or holds damaged; those of them that are owed."""

    missing: int
    owed: int


@dataclass(frozen=True, slots=True)
class Sample:
    """Raw bytes held against the hash that was noted when Gmail gave them: how many, the ids of those that differ."""

    checked: int
    damaged: tuple[str, ...]


@dataclass(slots=True)
class Stats:
    """The numbers a person sees; absolute, per job."""

    total: int = 0
    done: int = 0
    added: int = 0
    updated: int = 0
    deleted: int = 0
    failed: int = 0
    bytes: int = 0
    units: int = 0


@dataclass(slots=True)
class Progress:
    """What a page tells of itself, committed with it."""

    phase: str
    stats: Stats
    percentage: float
    remaining: int | None = None
    worked: int = 0
    mode: str | None = None
    progressed: bool = True


class Store(Protocol):
    """The mirror. Each writing method is one fenced transaction: its rows, the checkpoint, the progress, the lease."""

    raw_at_once: bool  # whether every byte is fetched with the message, rather than what a reader sees

    def checkpoint(self) -> Checkpoint: ...
    def begin(self, history_id: int, position: Position, labels: Sequence[Label], progress: Progress) -> None: ...
    def list_page(
        self, refs: Sequence[MessageRef], position: Position, progress: Progress, *, large: bool = False
    ) -> None: ...
    def wanted(self, limit: int) -> list[Wanted]: ...
    def tally(self) -> Tally: ...
    def mirrored(self) -> int: ...
    def save(self, batch: Batch, progress: Progress) -> None: ...
    def move(self, position: Position | None, progress: Progress) -> None: ...
    def lacking(self, ids: Sequence[str]) -> set[str]: ...
    def promised(self, ids: Sequence[str]) -> set[str]: ...
    def debts(self, limit: int) -> list[str]: ...
    def apply(self, changes: Changes, history_id: int, progress: Progress) -> None: ...
    def label_page(self, label_id: str, ids: Sequence[str], position: Position, progress: Progress) -> Position: ...
    def take_off(self, label_id: str, limit: int, here: Position, after: Position, progress: Progress) -> Position: ...
    def labels(self, labels: Sequence[Label]) -> None: ...
    def label_ids(self) -> set[str]: ...
    def forget_unlisted(self, limit: int, progress: Progress) -> int: ...
    def sample(self, number: int) -> Sample: ...
    def compare(self, damaged: Sequence[str], progress: Progress) -> Verdict: ...
    def prove(self, verdict: Verdict, position: Position, progress: Progress) -> None: ...


class Surroundings(Protocol):
    """The job as the engine sees it: each call may end the slice by raising."""

    def checkpoint(self) -> None: ...
    def beat(self) -> None: ...
    def nudged(self) -> bool: ...
    def log(self, code: str, **params: Any) -> None: ...


Clock = Callable[[], float]
