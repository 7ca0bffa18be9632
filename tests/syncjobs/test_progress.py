"""Publishing is never in the way of the work."""

from collections.abc import Iterator
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
    network.stop()


def test_in_a_web_process_a_connection_that_was_reset_stops_nobody_and_is_replaced(
    redis_cable: Proxy, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There uvloop runs, and what it raises then is a RuntimeError."""
    job = SyncJob(task_id="a", owner_id=7, created_at=NOW, updated_at=NOW)
    complaints: list[int] = []

    async def publish() -> None:
        monkeypatch.setattr(progress, "_broken_until", 0.0)
        await sync_to_async(progress.publish)(job)
        complaints.append(caplog.text.count("cannot publish progress, browsers will poll: RuntimeError"))

    async def publish_before_and_after_a_reset() -> None:
        await publish()
        assert redis_cable.reset() >= 1
        await publish()
        await publish()

    uvloop.run(publish_before_and_after_a_reset())

    assert complaints == [0, 1, 1]
