"""Publishing is never in the way of the work."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvloop
from asgiref.sync import sync_to_async

from syncjobs import progress
from syncjobs.models import SyncJob
from tests.chaos.proxy import Network, Proxy

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def redis_cable(settings: Any) -> Iterator[Proxy]:
    """What can be pulled between the channel layer and its Redis."""
    network = Network()
    port = urlsplit(settings.REDIS_URL).port
    cable = network.proxy(port)
    layers = deepcopy(settings.CHANNEL_LAYERS)
    layers["default"]["CONFIG"]["hosts"] = [settings.REDIS_URL.replace(f":{port}", f":{cable.port}")]
    settings.CHANNEL_LAYERS = layers
    yield cable
    cable.reset()
    network.stop()


@pytest.fixture
def complaints(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """complaints(): publish once more, tell how many attempts have failed so far."""

    def publish() -> int:
        monkeypatch.setattr(progress, "_broken_until", 0.0)
        progress.publish(SyncJob(task_id="a", owner_id=7, created_at=NOW, updated_at=NOW))
        return caplog.text.count("cannot publish progress, browsers will poll")

    return publish


def test_a_connection_that_was_reset_stops_nobody_and_is_replaced(
    redis_cable: Proxy, complaints: Callable[[], int]
) -> None:
    assert complaints() == 0
    assert redis_cable.reset() == 1
    after = complaints()
    assert after <= 1
    assert complaints() == after


def test_all_snapshots_of_a_process_share_a_connection(redis_cable: Proxy, complaints: Callable[[], int]) -> None:
    assert [complaints() for _ in range(3)] == [0, 0, 0]
    assert redis_cable.reset() == 1


def test_in_a_web_process_requests_are_not_held_up_by_it(redis_cable: Proxy, complaints: Callable[[], int]) -> None:
    """There uvloop runs, and what publishes is a thread of its pool."""

    async def publish() -> int:
        return await sync_to_async(complaints)()

    assert uvloop.run(publish()) == 0
