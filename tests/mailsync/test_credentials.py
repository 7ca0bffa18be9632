from typing import Any

import pytest

from gmail.quota import Priority, RedisWindow, Unlimited
from mailsync.credentials import bucket


@pytest.mark.parametrize(("mailbox", "project"), [(6000, 0), (0, 600), (6000, 600), (0, 0)])
def test_either_limit_holds_without_the_other(settings: Any, mailbox: int, project: int) -> None:
    settings.GMAIL_USER_UNITS_PER_MINUTE, settings.GMAIL_PROJECT_UNITS_PER_MINUTE = mailbox, project
    limited = bucket("anna@example.com", priority=Priority.INTERACTIVE)
    assert isinstance(limited, RedisWindow if mailbox or project else Unlimited)
