import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from config.embedded import claim, postgres
from config.embedded.environment import fill
from config.embedded.home import Home

ENTER = """
import json, os, sys
from config.embedded.environment import embedded
with embedded("test", simulator=False):
    names = ("DATABASE_URL", "REDIS_URL", "MAILSYNC_EMBEDDED")
    print(json.dumps({name: os.environ.get(name) for name in names}), flush=True)
    sys.stdin.readline()
print("left", flush=True)
"""
OURS = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "TOKEN_ENCRYPTION_KEYS", "GOOGLE_BASE_URL", "MAILSYNC_EMBEDDED")


@pytest.fixture
def environ(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment in which nothing is set but the home."""
    path = tmp_path / "home"
    yield {**{name: value for name, value in os.environ.items() if name not in OURS}, "MAILSYNC_HOME": str(path)}
    postgres.remove(Home(path))


def entered(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None
    found: dict[str, str] = json.loads(process.stdout.readline())
    return found


def leave(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate("\n", timeout=60)
    assert process.returncode == 0
    return output


def test_a_second_command_uses_the_servers_of_the_first_which_waits_for_it(
    environ: dict[str, str], run_python: Callable[..., Any]
) -> None:
    first = run_python(ENTER, environ)
    found = entered(first)
    second = run_python(ENTER, environ)
    assert entered(second) == found and found["MAILSYNC_EMBEDDED"] == "1"
    first.stdin.write("\n")
    first.stdin.flush()
    assert "Waiting for other commands" in first.stdout.readline()
    assert leave(second).strip() == "left"
    assert leave(first).strip() == "left"
    assert not (Path(environ["MAILSYNC_HOME"]) / claim.STATE).exists()


def test_what_a_killed_command_left_behind_misleads_nobody(
    environ: dict[str, str], run_python: Callable[..., Any]
) -> None:
    first = run_python(ENTER, environ)
    old = entered(first)
    first.kill()
    first.wait(10)
    second = run_python(ENTER, environ)
    assert entered(second)["DATABASE_URL"] != old["DATABASE_URL"]
    leave(second)


def test_sigterm_stops_the_servers_with_the_command(environ: dict[str, str], run_python: Callable[..., Any]) -> None:
    process = run_python(ENTER, environ)
    entered(process)
    children = psutil.Process(process.pid).children(recursive=True)
    assert children
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 128 + signal.SIGTERM
    assert psutil.wait_procs(children, timeout=60)[1] == []


def test_a_complete_environment_starts_nothing(environ: dict[str, str], run_python: Callable[..., Any]) -> None:
    process = run_python(ENTER, {**environ, "DATABASE_URL": "postgres://a@b/c", "REDIS_URL": "redis://d"})
    assert entered(process) == {"DATABASE_URL": "postgres://a@b/c", "REDIS_URL": "redis://d", "MAILSYNC_EMBEDDED": None}
    leave(process)
    assert not Path(environ["MAILSYNC_HOME"]).exists()


def test_what_the_operator_has_set_is_never_overwritten() -> None:
    environ = {"A": "mine", "B_FILE": "/run/b", "C": ""}
    fill(environ, {"A": "ours", "B": "ours", "C": "ours", "D": "ours"})
    assert environ == {"A": "mine", "B_FILE": "/run/b", "C": "ours", "D": "ours"}
