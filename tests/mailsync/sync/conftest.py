"""Mailboxes for bad weather."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from mailsync.models import Account
from tests.mailsync import simulated
from tests.mailsync.simulated import Gmail
from tests.mailsync.sync.weather import MESSAGES, SUPERFLUOUS, Weather, impatience

MAILBOXES = 2_000


@pytest.fixture(scope="session")
def small_mailboxes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Iterator[str]]]:
    """Smaller than other tests have: here they are synced by the hundred."""
    addresses = [f"storm{number}@example.com" for number in range(MAILBOXES)]
    with (tmp_path_factory.mktemp("gmail") / "log").open("wb") as log:
        process, url = simulated.start(addresses, MESSAGES, log)
        try:
            yield url, iter(addresses)
        finally:
            process.terminate()
            process.wait(10)
            if process.stdout:
                process.stdout.close()


@pytest.fixture
def policy() -> Account.Policy:
    """A test asks for another one with `parametrize`."""
    return Account.Policy.ARCHIVE


@pytest.fixture
def weather(
    small_mailboxes: tuple[str, Iterator[str]], anna: User, policy: Account.Policy, settings: Any
) -> Iterator[Weather]:
    """A small mailbox that was never synced, in fair weather yet."""
    url, unused = small_mailboxes
    settings.GOOGLE_BASE_URL = url
    settings.GMAIL_USER_UNITS_PER_MINUTE = settings.GMAIL_PROJECT_UNITS_PER_MINUTE = 0
    settings.GOOGLE_CLIENT_ID = settings.GOOGLE_CLIENT_SECRET = "simulator"
    gmail = Gmail(url, next(unused))
    for label in SUPERFLUOUS:
        gmail.control("delete-label", email=gmail.email, id=label, silent=True)
    with impatience():
        yield Weather(anna, gmail, policy)
    gmail.faults()
    gmail.control("script", cues=[])
