"""What a tick asks of the database where 200,000 accounts have a schedule, and whether two at once share what is due."""

import json

from tests.benchmarks.scale.measured import Measured
from tests.benchmarks.stage import stage
from tests.benchmarks.targets import figure

ACCOUNTS, OWNERS, DUE = 200_000, 20_000, 55
TICKS, PAIRS = 9, 5
EVERY = 5_000  # milliseconds between two ticks
TO_TICK = 280.0  # seconds


def rows() -> Measured:
    """Milliseconds of statements (as the database counts them, without the way to it), accounts started twice or not."""
    with stage(1) as servers:
        found = json.loads(servers.said("scale.ticks", within=TO_TICK))
    return Measured(
        [
            figure(f"tick, {ACCOUNTS:,} accounts, {DUE} due: who is due, ms of database time", found["asking"], 10),
            figure(
                f"  all that starts the {DUE} jobs, % of the time between two ticks", 100 * found["tick"] / EVERY, 10
            ),
            figure(f"  two ticks at once, {PAIRS} times: accounts started twice or not at all", found["wrong"], 0),
        ]
    )
