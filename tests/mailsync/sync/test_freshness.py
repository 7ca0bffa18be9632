"""New mail does not wait for old: what a long pass does when somebody asks while it runs."""

import pytest

from mailsync.models import Account, Message
from mailsync.schedule import request_sync
from mailsync.sync import asks, fetching
from syncjobs.states import State, Trigger
from tests.mailsync.mirror import assert_exact, sync
from tests.mailsync.simulated import Gmail
from tests.mailsync.sync.watched import position, watch

PAGES_UNTIL_SEEN = 2  # the one that hears of it, the one that brings it


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asks, "MOST_MESSAGES", 10)
    monkeypatch.setattr(fetching, "PARTS", 10)


@pytest.mark.parametrize(("trigger", "at"), [(Trigger.BUTTON, 3), (Trigger.PUSH, 8), (Trigger.BUTTON, 16)])
def test_mail_that_arrives_during_a_full_pass_is_there_two_pages_after_the_click_or_push(
    account: Account, gmail: Gmail, small_pages: None, trigger: Trigger, at: int
) -> None:
    gmail.deliver(60)
    arrived: list[str] = []
    seen: dict[int, bool] = {}
    stages: dict[int, str] = {}

    def after(page: int) -> None:
        if page == at:
            arrived.extend(gmail.deliver(1))
            assert not request_sync(account, trigger=trigger).created
        seen[page] = bool(arrived) and Message.objects.filter(account=account, gmail_id__in=arrived).exists()
        stages[page] = position(account).get("stage", "")

    watch(account, after)
    assert seen[at + PAGES_UNTIL_SEEN] and not seen[at]
    assert stages[at] == stages[at + PAGES_UNTIL_SEEN] or at > 12, "the pass went on where it was"
    done = sync(account)
    assert done.state == State.SUCCEEDED
    assert_exact(account, gmail)
    assert max(gmail.gets().values()) == 1


def test_a_pass_that_nobody_asks_again_does_not_look_at_history_between_its_pages(
    account: Account, gmail: Gmail, small_pages: None
) -> None:
    gmail.deliver(60)
    lists = []
    watch(account, lambda page: lists.append(gmail.ask("stats")["requests"].get("history.list", 0)))
    assert lists[11] == 0 and 1 <= lists[-1] <= 2
