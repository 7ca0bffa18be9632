"""What a tick asks of the database where 200,000 accounts have a schedule, and whether two at once share what is due."""

import json

from tests.benchmarks.scale.measured import Measured
from tests.benchmarks.stage import stage
from tests.benchmarks.targets import figure

ACCOUNTS, OWNERS, DUE = 200_000, 20_000, 55
TICKS, PAIRS = 9, 5
MOST_TICK = 5 * DUE  # milliseconds: beat ticks every five seconds, so one tick in twenty of them
TO_TICK = 280.0  # seconds


def rows() -> Measured:
    """Milliseconds of statements (as the database counts them, without the way to it), accounts started twice or not."""
    with stage(1) as servers:
        found = json.loads(servers.said("scale.ticks", within=TO_TICK))
    return Measured(
        [
            figure(f"tick, {ACCOUNTS:,} accounts, {DUE} due: who is due, ms of database time", found["asking"], 10),
            figure(f"the same, with all that starts {DUE} jobs, ms of database time", found["tick"], MOST_TICK),
            figure(f"two ticks at once, {PAIRS} times: accounts started twice or not at all", found["wrong"], 0),
        ]
    )
