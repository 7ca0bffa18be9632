"""What every test of the product may rely on."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from gmail import backoff
from mailsync.connect import connect
from mailsync.credentials import user_grant
from mailsync.models import Account
from tests.committed import transactional_db  # noqa: F401
from tests.mailsync import simulated
from tests.mailsync.simulated import Gmail, Simulator

MESSAGES = 40


@pytest.fixture(autouse=True)
def light_settings(settings: Any, tmp_path: Path) -> None:
    """Nothing is collected for tests, so WhiteNoise gets an empty directory; no slow hashes."""
    settings.STATIC_ROOT = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """A Gmail with mailboxes for every test."""
    with simulated.serving(tmp_path_factory.mktemp("gmail"), "box", MESSAGES) as running:
        yield running


@pytest.fixture
def gmail(simulator: Simulator, request: pytest.FixtureRequest, settings: Any) -> Iterator[Gmail]:
    """A mailbox of its own for this test."""
    settings.GOOGLE_BASE_URL = simulator.url
    settings.GMAIL_USER_UNITS_PER_MINUTE = settings.GMAIL_PROJECT_UNITS_PER_MINUTE = 0
    settings.GOOGLE_CLIENT_ID = settings.GOOGLE_CLIENT_SECRET = "simulator"
    mailbox = simulator.mailbox(request.node.nodeid)
    mailbox.control("reset-stats")
    yield mailbox
    mailbox.faults()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls of Gmail that fail are repeated at once."""
    monkeypatch.setattr(backoff, "FIRST_CEILING", 0.01)


@pytest.fixture
def anna(transactional_db: None) -> User:  # noqa: F811
    return User.objects.create_user("anna", password="a long phrase")


@pytest.fixture
def account(anna: User, gmail: Gmail) -> Account:
    """The mailbox of `gmail`, connected and not synced yet, every byte of it to be mirrored at once."""
    return connect(anna, gmail.email, user_grant(f"sim-refresh-{gmail.email}"), Account.Policy.ARCHIVE)


@pytest.fixture
def turn(transactional_db: None) -> Callable[[timedelta], None]:  # noqa: F811
    """turn(span): for this connection it is that much later than it is."""

    def later(span: timedelta) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('sync.clock_offset', %s, false)", [f"{span.total_seconds()} seconds"])

    return later
