"""Keep a mailbox of a million messages, which takes long to make, from one run to the next."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from config.embedded.home import CHECKOUT, Home
from tests.benchmarks.stage import Stage, served

TO_FILL = 3_600.0  # seconds
MADE = "million.json"  # what making it said: it is there when the mailbox is


def place() -> Path:
    """`BENCH_HOME`, else `.bench` in the checkout."""
    return Path(os.environ.get("BENCH_HOME") or CHECKOUT / ".bench").expanduser().absolute()


@contextmanager
def million() -> Iterator[tuple[Stage, dict[str, Any]]]:
    """The servers over it, and what was measured when it was made: now, or by an earlier run."""
    home = Home(place())
    with served(home, 1, durable=False) as servers:  # it can be made anew
        made = home.path / MADE
        if not made.exists():
            said = servers.said("scale.million", within=TO_FILL)
            made.write_text(said)
        yield servers, json.loads(made.read_text())
