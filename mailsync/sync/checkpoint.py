"""Where a mailbox's mirror stands: a cursor into history with the position of an unfinished pass."""

from dataclasses import asdict, dataclass, field, replace
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
class Findings:
    """What a pass compared so far, and what it had to mend: for its certificate."""

    labels_checked: int = 0
    labels_corrected: int = 0  # messages whose labels a listing changed, once per label
    bytes_checked: int = 0  # messages whose raw bytes were held against their hash
    bytes_damaged: int = 0


@dataclass(frozen=True, slots=True)
class Position:
    """An unfinished pass over the whole mailbox. The page token serves the listing only; what is left is always the wanted ids."""

    stage: Stage
    page_token: str | None = None
    expected: int = 0  # messages, as the profile said when the pass began
    labels: tuple[str, ...] = ()  # still to be compared, the first of them at this moment
    as_of: int = 0  # the historyId that the first label's listing began at
    paged: tuple[str, ...] = ()  # labels of which the listing had several pages
    since: int = 0  # the historyId that the ids, then the labels, began to be listed at; 0 where ids had one page
    shifts: int = 0  # how often listings were read again because something had been taken out meanwhile
    listed: bool = False  # the first label's listing is complete: what it did not name loses the label
    rounds: int = 0  # how often certifying sent the pass back to fetching
    refusals: int = 0  # how often Gmail refused a page token that it had given
    findings: Findings = field(default_factory=Findings)

    def at(self, stage: Stage, **changes: Any) -> Self:
        """The same pass at another stage, at its beginning."""
        return replace(self, stage=stage, page_token=None, **changes)

    def on_page(self, token: str | None) -> Self | None:
        """The same stage at the next page, or None after the last."""
        return None if token is None else replace(self, page_token=token)

    def refused(self) -> Self:
        """The same place, its page token refused once more."""
        return replace(self, refusals=self.refusals + 1)

    def found(self, **more: int) -> Self:
        """The same place, with that much more compared or mended."""
        before = asdict(self.findings)
        return replace(self, findings=Findings(**before | {name: before[name] + count for name, count in more.items()}))

    def to_json(self) -> dict[str, Any]:
        """Plain data for the database."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Position | None":
        """The position, or None between passes."""
        if not data:
            return None
        return cls(
            **data
            | {
                "stage": Stage(data["stage"]),
                "labels": tuple(data["labels"]),
                "paged": tuple(data.get("paged", ())),
                "findings": Findings(**data.get("findings", {})),
            }
        )


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`history_id`: everything up to here is mirrored, wanted or owed; None before the first pass."""

    history_id: int | None
    position: Position | None
