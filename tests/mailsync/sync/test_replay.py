import pytest

from gmail.client import GmailClient
from mailsync.models import Account
from mailsync.schedule import request_sync
from mailsync.sync import job
from mailsync.sync.replay import Bar
from syncjobs import lifecycle
from syncjobs.models import SyncJob
from syncjobs.states import State, Trigger
from tests.mailsync.mirror import assert_exact, sync
from tests.mailsync.simulated import Gmail
from tests.mailsync.sync.watched import Watched


def test_the_bar_goes_by_history_from_page_to_page_and_by_messages_within_a_page() -> None:
    bar = Bar()
    bar.page(1000, 1100, 2000, done=0)
    assert [bar.percent(done, 50, ceiling=100) for done in (0, 25, 50)] == [0, 5, 10]
    bar.page(1100, 1600, 2000, done=50)
    assert [round(bar.percent(done, 60, ceiling=100)) for done in (50, 55, 60)] == [10, 35, 60]
    bar.page(1600, 2000, 2000, done=60)
    assert bar.percent(60, 60, ceiling=100) == 100


def test_a_replay_of_nothing_is_done_at_once() -> None:
    bar = Bar()
    bar.page(7, 7, 7, done=0)
    assert bar.percent(0, 0, ceiling=90) == 90


def test_the_bar_of_many_pages_of_history_does_not_jump(
    account: Account, gmail: Gmail, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(account)
    for _ in range(10):
        gmail.deliver(3)
    monkeypatch.setitem(GmailClient.list_history.__kwdefaults__, "max_results", 3)
    claimed = lifecycle.claim(request_sync(account, trigger=Trigger.BUTTON).job.pk, "worker")
    assert claimed is not None
    seen: list[float] = []
    context = Watched(claimed)
    context.after = lambda page: seen.append(SyncJob.objects.get(pk=claimed.pk).percentage)
    job.run(context)
    assert seen[0] < 25 and len([percent for percent in seen if percent < 60]) >= 5
    assert seen == sorted(seen)
    assert lifecycle.succeed(claimed) and sync(account).state == State.SUCCEEDED
    assert_exact(account, gmail)
