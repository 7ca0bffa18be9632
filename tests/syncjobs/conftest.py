"""A kind of job to play with, a person who asks for it, a clock to turn."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from syncjobs import dispatch, lifecycle, progress, registry
from syncjobs.lifecycle import Answer
from syncjobs.models import SyncJob
from tests.committed import transactional_db  # noqa: F401
from tests.syncjobs import kinds
from tests.syncjobs.kinds import STAGE, Stage, request

Ask = Callable[..., Answer]
Turn = Callable[[timedelta], None]


@pytest.fixture
def stage(settings: Any) -> Iterator[Stage]:
    """The stage of the kind called "play", empty."""
    settings.SYNC_KINDS = {**settings.SYNC_KINDS, "play": f"{kinds.__name__}.PLAY"}
    registry.kind.cache_clear()
    STAGE.runs, STAGE.finished, STAGE.played = [], [], []
    yield STAGE
    registry.kind.cache_clear()


@pytest.fixture(autouse=True)
def whole_circuits() -> Iterator[None]:
    """No test inherits a broker that another one took away."""
    dispatch._broken_until = progress._broken_until = 0.0
    yield
    dispatch._broken_until = progress._broken_until = 0.0


@pytest.fixture
def owner(transactional_db: None, settings: Any) -> User:  # noqa: F811
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return User.objects.create_user("anna", password="a long phrase")


@pytest.fixture
def ask(stage: Stage, owner: User) -> Ask:
    """ask(mode, resource=..., again=...) as a product does."""
    return lambda *args, **changes: request(owner, *args, **changes)


@pytest.fixture
def running(ask: Ask) -> Callable[..., SyncJob]:
    """running(mode) is a job that a worker has just claimed."""

    def make(*args: Any, **changes: Any) -> SyncJob:
        job = lifecycle.claim(ask(*args, **changes).job.pk, "worker")
        assert job is not None
        return job

    return make


@pytest.fixture
def turn(transactional_db: None) -> Turn:  # noqa: F811
    """turn(span): for this connection it is that much later than it is."""

    def later(span: timedelta) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('sync.clock_offset', %s, false)", [f"{span.total_seconds()} seconds"])

    return later
