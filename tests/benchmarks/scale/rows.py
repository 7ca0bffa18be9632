"""Measure what was asked for, keep each figure, print all of them beside their targets."""

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

from tests.benchmarks.scale import deploy, due, quota, searching, sockets, storage, tick
from tests.benchmarks.scale.kept import place
from tests.benchmarks.scale.measured import Measured
from tests.benchmarks.targets import figure, judged

ROWS: dict[str, Callable[[], Measured]] = {
    "tick": tick.rows,
    "due": due.rows,
    "quota": quota.rows,
    "sockets": sockets.rows,
    "storage": storage.rows,
    "search": searching.rows,
    "deploy": deploy.rows,
}
KEPT = "figures.json"


def run(only: Sequence[str]) -> str:
    """The table: what was asked for (all of it, where nothing was) is measured now, the rest is of earlier runs."""
    if unknown := set(only) - ROWS.keys():
        raise SystemExit(f"no rows of scale: {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    for name in only or ROWS:
        begun = time.monotonic()
        found = ROWS[name]()
        _keep(name, found)
        notes = f"\n\n{found.notes}" if found.notes else ""
        print(f"{name}, {time.monotonic() - begun:.0f} s\n\n{judged(found.rows)}{notes}\n", flush=True)
    return table()


def table() -> str:
    """All rows that were ever measured here, in order."""
    kept = _kept()
    rows = [figure(*row) for name in ROWS for row in kept.get(name, [])]
    lacking = [name for name in ROWS if name not in kept]
    return judged(rows) + (f"\nnot measured yet: {', '.join(lacking)}" if lacking else "")


def _kept() -> dict[str, Any]:
    file = place() / KEPT
    return dict(json.loads(file.read_text())) if file.exists() else {}


def _keep(name: str, found: Measured) -> None:
    place().mkdir(parents=True, exist_ok=True, mode=0o711)
    kept = _kept() | {name: [(row.name, row.value, row.most) for row in found.rows]}
    (place() / KEPT).write_text(json.dumps(kept, indent=1, ensure_ascii=False))
