"""Run the benchmarks: all of them, or those named."""

import signal
import sys

from tests.benchmarks import api, full, jobs

BENCHMARKS = {"full": full.run, "api": api.run, "jobs": jobs.run}


def main(names: list[str]) -> int:
    """2 for a name that no benchmark has."""
    if unknown := [name for name in names if name not in BENCHMARKS]:
        print(f"no benchmark is called {', '.join(unknown)}: there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    signal.signal(
        signal.SIGTERM, lambda number, frame: sys.exit(128 + number)
    )  # the servers are stopped on the way out
    for name in names or BENCHMARKS:
        print(BENCHMARKS[name](), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
