"""Where a mailbox's mirror stands: a cursor into history with the position of an unfinished pass."""

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Self


class Stage(StrEnum):
    """The stages of a pass over the whole mailbox, in their order."""

    LARGE = "large"  # ids of big mail, from one cheap listing
    LISTING = "listing"
    GLIMPSE = "glimpse"  # the newest mail, between the first page of ids and the second
    FETCHING = "fetching"
    REPLAYING = "replaying"
    LABELS = "labels"
    CERTIFYING = "certifying"


@dataclass(frozen=True, slots=True)
class Position:
    """An unfinished pass over the whole mailbox. The page token serves the listing only; what is left is always the wanted ids."""

    stage: Stage
    page_token: str | None = None
    expected: int = 0  # messages, as the profile said when the pass began
    labels: tuple[str, ...] = ()  # still to be compared
    rounds: int = 0  # how often certifying sent the pass back to fetching

    def at(self, stage: Stage, **changes: Any) -> Self:
        """The same pass at another stage, at its beginning."""
        return replace(self, stage=stage, page_token=None, **changes)

    def to_json(self) -> dict[str, Any]:
        """Plain data for the database."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Position | None":
        """The position, or None between passes."""
        if not data:
            return None
        return cls(**{**data, "stage": Stage(data["stage"]), "labels": tuple(data["labels"])})


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`history_id`: everything up to here is mirrored, wanted or owed; None before the first pass."""

    history_id: int | None
    position: Position | None
