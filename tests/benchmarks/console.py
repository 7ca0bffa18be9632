"""Tell one Django process what to do, again and again: a benchmark does not pay for its start each time."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.benchmarks.stage import Stage
from tests.flows.product import ROOT

LOOP = """
import json, sys, traceback
for line in sys.stdin:
    try:
        names = {}
        exec(json.loads(line), names)
        print(json.dumps({"answer": names.get("answer")}), flush=True)
    except Exception:
        print(json.dumps({"error": traceback.format_exc()}), flush=True)
"""


class Console:
    """A process with the product's settings in it."""

    def __init__(self, servers: Stage) -> None:
        environment = servers.environment | {"DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", f"import django; django.setup(){LOOP}"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, code: str) -> Any:
        """Run Python; what it leaves in `answer`."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(code) + "\n")
        self.process.stdin.flush()
        told = json.loads(self.process.stdout.readline() or '{"error": "it has ended"}')
        if "error" in told:
            raise SystemExit(f"{code} failed:\n{told['error'][-4000:]}")
        return told["answer"]

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait(timeout=10)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


@contextmanager
def console(servers: Stage) -> Iterator[Console]:
    """It is gone afterwards."""
    opened = Console(servers)
    try:
        yield opened
    finally:
        opened.close()
