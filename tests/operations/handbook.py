"""Run the commands of docs/operations.md as they stand there."""

import os
import re
import subprocess
from pathlib import Path

from config.embedded import binaries
from config.embedded.home import CHECKOUT
from config.embedded.unprivileged import identity

HANDBOOK = CHECKOUT / "docs" / "operations.md"


def commands(chapter: str) -> list[str]:
    """The blocks of shell commands of a chapter, in order."""
    text = HANDBOOK.read_text()
    found = re.search(rf"^## {re.escape(chapter)}$(.*?)(?=^## |\Z)", text, re.M | re.S)
    assert found, f"{HANDBOOK} has no chapter {chapter}"
    return re.findall(r"^```sh\n(.*?)^```", found[1], re.M | re.S)


def run(command: str, directory: Path, **environment: str) -> str:
    """What it said; PostgreSQL's own programs are those of the server that the tests run."""
    path = f"{binaries.postgres(identity())}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-euc", command],
        cwd=directory,
        env={"PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
