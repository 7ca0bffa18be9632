"""Counts of all processes are one, and none is lost or told twice."""

import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings as configured

from config.embedded.ports import free_port
from syncjobs import meters
from syncjobs.meters import Meters, field, parsed, read, read_levels


@pytest.fixture
def mine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Counts of this test alone."""
    monkeypatch.setattr(meters, "COUNTS", f"test:counts:{time.time_ns()}")
    monkeypatch.setattr(meters, "LEVELS", f"test:levels:{time.time_ns()}")
    monkeypatch.setattr(Meters, "_begin", lambda self: None)  # told when the test says so
    yield
    redis.Redis.from_url(configured.REDIS_URL).delete(meters.COUNTS, meters.LEVELS)


def test_a_name_with_its_labels_is_read_as_it_was_written() -> None:
    key = field("jobs", {"state": "FAILED", "code": "a=b\tc"})
    assert parsed(key) == ("jobs", (("code", "a=b c"), ("state", "FAILED")))
    assert parsed(field("claims", {})) == ("claims", ())


@pytest.mark.usefixtures("mine")
def test_threads_and_processes_count_into_one() -> None:
    one, other = Meters(), Meters()
    threads = [threading.Thread(target=lambda: [one.count("claims") for _ in range(500)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.count("claims", 3), other.count("ended", code="x")
    one.tell(), other.tell(), one.tell()
    assert read() == {("claims", ()): 2003, ("ended", (("code", "x"),)): 1}


@pytest.mark.usefixtures("mine")
def test_what_redis_did_not_hear_is_told_later(settings: Any) -> None:
    counted, right = Meters(), settings.REDIS_URL
    counted.count("claims", 2)
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    counted.tell()
    settings.REDIS_URL = right
    counted.count("claims")
    counted.tell()
    assert read() == {("claims", ()): 3}


@pytest.mark.usefixtures("mine")
def test_a_fork_tells_nothing_of_what_its_parent_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    tell = meters.meters.tell
    monkeypatch.setattr(meters.meters, "tell", lambda: None)  # by a thread that an earlier test began
    tell()
    before = read().get(("claims", ()), 0)
    meters.meters.count("claims", 5)
    child = os.fork()
    if child == 0:
        try:
            meters.meters.count("claims")
            tell()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert read()["claims", ()] == before + 1
    tell()
    assert read()["claims", ()] == before + 6


@pytest.mark.usefixtures("mine")
def test_times_fall_into_buckets() -> None:
    counted = Meters()
    for seconds in (0.1, 0.2, 7, 1000, -1):
        counted.observe("wait", seconds)
    counted.tell()
    found = {labels[0][1] if labels else name: amount for (name, labels), amount in read().items()}
    assert found == {"0.1": 2, "0.25": 1, "10.0": 1, "+Inf": 1, "wait_sum": pytest.approx(1007.3)}


@pytest.mark.usefixtures("mine")
def test_what_a_dead_process_had_open_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    dead, live = Meters(), Meters()
    dead.level("sockets", 7)
    dead.tell()
    monkeypatch.setattr(meters, "_process", lambda: "elsewhere:1")
    live.level("sockets", 3), live.level("sockets", -1)
    live.tell()
    assert read_levels(time.time()) == {"sockets": 9}
    later = time.time() + meters.SILENT_SECONDS - 1
    assert read_levels(later) == {"sockets": 9} and read_levels(later + 5) == {}
