"""What a part of the benchmark found."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmarks.targets import Row


@dataclass(frozen=True, slots=True)
class Measured:
    """Rows beside their targets, and what explains them, to print."""

    rows: Sequence[Row]
    notes: str = ""
