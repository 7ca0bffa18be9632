"""A full sync of 2,000 messages from a simulator without latency, beside a bare loop over the same mailbox."""

from tests.benchmarks.reading import Reading
from tests.benchmarks.stage import Stage, stage
from tests.benchmarks.table import aligned

MESSAGES = 2000
HEADS = ("full", "messages/s", "worker CPU ms/message", "Postgres CPU ms/message", "units/message")
PROGRAMS = {"mailsync": "mirror", "bare loop": "bare_loop"}


def run() -> str:
    """The table; the bare loop reads and stores the same messages, in the same run, from the same servers."""
    with stage(MESSAGES) as servers:
        rows = [row(name, module, servers) for name, module in PROGRAMS.items()]
    return (
        f"Full sync of {MESSAGES:,} messages, one process, a simulator without latency on the same machine\n\n"
        + aligned(HEADS, rows)
    )


def row(name: str, module: str, servers: Stage) -> list[str]:
    """One program's line."""
    servers.units()
    reading = servers.run(module)
    if reading.messages != MESSAGES:
        raise SystemExit(f"{name} brought {reading.messages} of {MESSAGES} messages")
    return [name, *costs(reading), f"{servers.units() / MESSAGES:.2f}"]


def costs(reading: Reading) -> list[str]:
    """Per second, per message."""
    own, postgres = (1000 * seconds / reading.messages for seconds in (reading.own, reading.postgres))
    return [f"{reading.messages / reading.seconds:,.0f}", f"{own:.2f}", f"{postgres:.2f}"]
