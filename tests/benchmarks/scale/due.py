"""Ten thousand accounts that are due at once after an outage, in virtual time: how fast, how evenly, within which quota."""

import json
import os

from tests.benchmarks.scale.measured import Measured
from tests.benchmarks.stage import stage
from tests.benchmarks.targets import figure

WHOLE = 10_000
# With fewer, ticks, workers and the project shrink with them: a model to that scale. The whole takes four times as long.
ACCOUNTS = int(os.environ.get("BENCH_DUE", WHOLE // 4))
WORKERS = max(1, ACCOUNTS // 100)
A_TICK = max(1, ACCOUNTS // 50)  # accounts that one tick takes: of ten thousand, as many as the product's does
PROJECT = 120 * ACCOUNTS  # units a minute: of ten thousand, what Gmail gives
NEW = 20  # messages that each mailbox had meanwhile
TO_PLAY = 3_600.0  # seconds


def rows() -> Measured:
    """Of one virtual outage."""
    with stage(1, durable=False) as servers:
        found = json.loads(servers.said("scale.outage", within=TO_PLAY))
    return Measured(
        [
            figure(
                f"{ACCOUNTS:,} accounts due at once (1:{WHOLE / ACCOUNTS:.0f}), {NEW} new messages each: not done, done twice",
                found["wrong"],
                0,
            ),
            figure("  time until all are done, times what the quota of the clock's jobs allows", found["times"], 1.2),
            figure("  the fullest minute, % of the project's limit", found["fullest"], 99),
            figure("  jobs begun in the fullest five seconds, % of all", found["fullest start"], 5),
            figure("  accounts that are due in the same second of the next hour, at most", found["next"], 25),
        ]
    )
