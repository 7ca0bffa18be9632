"""The servers of one test run: started once before Django is read, shared by every xdist worker."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from config.embedded import postgres
from config.embedded.environment import fill, start_all, stop_all
from config.embedded.errors import CannotStart
from config.embedded.home import Home, prepare
from config.embedded.servers import Plan, plan

_RUNNING: list[tuple[Home, Plan]] = []


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Before pytest-django reads the settings. Workers of xdist inherit the controller's environment."""
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        # A Redis database of its own, as it has one of Postgres: row 43 of two workers is not the same job.
        os.environ["REDIS_URL"] = os.environ["REDIS_URL"].rsplit("/", 1)[0] + f"/{int(worker.removeprefix('gw')) + 1}"
        return
    # A home of its own: a script/server that runs in this checkout is not disturbed.
    directory = Path(tempfile.mkdtemp(prefix="mailsync-test-"))
    directory.chmod(0o711)
    home = Home(directory)
    os.environ["MAILSYNC_HOME"] = str(directory)
    atexit.register(_clean_up)  # pytest_unconfigure is not called when Django's settings cannot be read
    try:
        made = plan(prepare(home), os.environ, simulator=False, durable=False)
        _RUNNING.append((home, made))
        start_all(made.servers)
    except CannotStart as error:
        raise pytest.UsageError(str(error)) from None
    fill(os.environ, made.environment)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    _clean_up()


def _clean_up() -> None:
    while _RUNNING:
        home, made = _RUNNING.pop()
        stop_all(made.servers)
        postgres.remove(home)
        shutil.rmtree(home.path, ignore_errors=True)
