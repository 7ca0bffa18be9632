"""Run the benchmarks: engine, parsers, api, jobs, web, or those named."""

import argparse
import signal
import sys
from collections.abc import Callable

from tests.benchmarks import api, engine, first_mail, fresh, jobs, pages, parsers, pushing
from tests.benchmarks.scale import rows as scale

BENCHMARKS: dict[str, Callable[[argparse.Namespace], str]] = {
    "engine": lambda options: engine.run(options.sizes, options.policies),
    "parsers": lambda options: parsers.run(options.mails, options.python),
    "first": lambda options: first_mail.run(),
    "fresh": lambda options: fresh.run(),
    "push": lambda options: pushing.run(),
    "api": lambda options: api.run(),
    "jobs": lambda options: jobs.run(),
    "web": lambda options: pages.run(),
    "scale": lambda options: scale.run(options.only),
}
POLICIES = ("readable", "both")
WITHOUT_NAMES = ("engine", "parsers", "api", "jobs", "web")  # the others are part of these, or take minutes of waiting


def main(arguments: list[str]) -> int:
    """2 for a name that no benchmark has."""
    options = parser().parse_args(arguments)
    signal.signal(
        signal.SIGTERM, lambda number, frame: sys.exit(128 + number)
    )  # the servers are stopped on the way out
    for name in options.names or WITHOUT_NAMES:
        print(BENCHMARKS[name](options), flush=True)
    return 0


def parser() -> argparse.ArgumentParser:
    """What may be asked for."""
    found = argparse.ArgumentParser("script/bench", description=__doc__)
    found.add_argument("names", nargs="*", metavar="NAME", choices=[[], *BENCHMARKS], help=", ".join(BENCHMARKS))
    found.add_argument("--sizes", type=numbers, default=(1_000, 10_000), help="of mailboxes, for engine (1000,10000)")
    found.add_argument("--policies", type=policies, default=POLICIES, help="beside archive, for engine (readable,both)")
    found.add_argument("--mails", type=int, default=1_000, help="for parsers (1000)")
    found.add_argument("--only", type=words, default=(), help=f"rows of scale (all: {','.join(scale.ROWS)})")
    found.add_argument(
        "--python", default=sys.executable, help="with the libraries that parsers are compared with (this one)"
    )
    return found


def numbers(text: str) -> tuple[int, ...]:
    """Sorted: the first is the smallest. Raises ValueError."""
    return tuple(sorted(int(word) for word in text.split(",")))


def policies(text: str) -> tuple[str, ...]:
    """Those that a pass is compared in with `archive`, which is always measured. Raises ValueError."""
    if not set(words(text)) <= set(POLICIES):
        raise ValueError(text)
    return words(text)


def words(text: str) -> tuple[str, ...]:
    """Words with commas between."""
    return tuple(text.split(","))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
