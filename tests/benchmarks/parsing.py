"""Be one parser: python -m tests.benchmarks.parsing NAME FILE reads the mails in FILE, says what it saw, how long it took."""

import contextlib
import importlib
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.benchmarks.contestants import CONTESTANTS, Reader

ROUNDS = 3


def main(name: str, path: str) -> None:
    """Prints {"missing": true}, else {"cpu": [seconds of each mail], "seen": [what it is, or the name of the exception]}."""
    module, read = CONTESTANTS[name]
    mails = [bytes.fromhex(line) for line in Path(path).read_text().splitlines()]
    with contextlib.redirect_stdout(sys.stderr):  # some of them talk
        try:
            found = importlib.import_module(module)
        except ImportError:
            found = None
        told = {"missing": True} if found is None else everything(found, read, mails)
    print(json.dumps(told))


def everything(module: Any, read: Reader, mails: list[bytes]) -> dict[str, Any]:
    """The best of a few rounds for each mail."""
    rounds = [[timed(module, read, raw) for raw in mails] for _ in range(ROUNDS if len(mails) > 1 else 1)]
    cpu = [min(taken for taken, _ in each) for each in zip(*rounds, strict=True)]
    return {"cpu": cpu, "seen": [outcome for _, outcome in rounds[0]]}


def timed(module: Any, read: Reader, raw: bytes) -> tuple[float, Any]:
    """(seconds of CPU, what was seen)."""
    begun = time.process_time()
    try:
        outcome: Any = asdict(read(module, raw))
    except BaseException as error:  # a panic of a Rust library is no Exception
        outcome = type(error).__name__
    return time.process_time() - begun, outcome


if __name__ == "__main__":
    main(*sys.argv[1:])
