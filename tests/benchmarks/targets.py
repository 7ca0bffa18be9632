"""Put each figure beside what it must keep."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmarks.table import aligned

HEADS = ("target", "measured", "at most", "")


@dataclass(frozen=True, slots=True)
class Row:
    """A figure that must not exceed `most`."""

    name: str
    value: float
    most: float

    @property
    def holds(self) -> bool:
        return self.value <= self.most


def figure(name: str, value: float, most: float) -> Row:
    """One of them."""
    return Row(name, value, most)


def judged(rows: Sequence[Row]) -> str:
    """The table, with a count of what failed."""
    lines = [[row.name, written(row.value), written(row.most), "ok" if row.holds else "FAIL"] for row in rows]
    failed = sum(not row.holds for row in rows)
    return aligned(HEADS, lines) + f"\n\n{failed or 'none'} of {len(rows)} missed"


def written(value: float) -> str:
    """As exact as it matters."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2f}"
