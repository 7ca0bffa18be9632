"""Mailboxes for bad weather."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from mailsync.models import Account
from tests.mailsync import simulated
from tests.mailsync.simulated import Simulator
from tests.mailsync.sync.weather import MESSAGES, SUPERFLUOUS, Weather, impatience


@pytest.fixture(scope="session")
def small_mailboxes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """Smaller than other tests have: here they are synced by the hundred."""
    with simulated.serving(tmp_path_factory.mktemp("gmail"), "storm", MESSAGES) as running:
        yield running


@pytest.fixture
def policy() -> Account.Policy:
    """A test asks for another one with `parametrize`."""
    return Account.Policy.ARCHIVE


@pytest.fixture
def weather(
    small_mailboxes: Simulator, anna: User, policy: Account.Policy, request: pytest.FixtureRequest, settings: Any
) -> Iterator[Weather]:
    """A small mailbox that was never synced, in fair weather yet."""
    settings.GOOGLE_BASE_URL = small_mailboxes.url
    settings.GMAIL_USER_UNITS_PER_MINUTE = settings.GMAIL_PROJECT_UNITS_PER_MINUTE = 0
    settings.GOOGLE_CLIENT_ID = settings.GOOGLE_CLIENT_SECRET = "simulator"
    gmail = small_mailboxes.mailbox(request.node.nodeid)
    for label in SUPERFLUOUS:
        gmail.control("delete-label", email=gmail.email, id=label, silent=True)
    with impatience():
        yield Weather(anna, gmail, policy)
    gmail.faults()
    gmail.control("script", cues=[])
