from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mailsync import schedule
from mailsync.models import Account, Certificate, Message, Preferences
from mailsync.reconcile import is_due, is_time
from syncjobs import runner
from syncjobs.clock import in_
from syncjobs.models import SyncJob
from syncjobs.states import State
from tests.mailsync.mirror import assert_exact, sync
from tests.mailsync.simulated import Gmail

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("age", "hour", "due"),
    [
        (15 * HOUR, 3, False),
        (16 * HOUR, 3, True),
        (24 * HOUR, 0, False),
        (24 * HOUR, 1, True),
        (24 * HOUR, 6, False),
        (35 * HOUR, 12, False),
        (36 * HOUR, 12, True),
    ],
)
def test_at_night_a_little_early_by_day_only_when_it_is_late(age: timedelta, hour: int, due: bool) -> None:
    assert is_time(age, DAY, hour) is due


def test_night_is_where_the_owner_lives(account: Account, turn: Callable[[timedelta], None]) -> None:
    proof = Certificate.objects.create(account=account, job="j", history_id=1, listed=0, mirrored=0)
    now = datetime.now(UTC)
    turn(now.replace(hour=19, minute=30) + DAY - now)  # half past three in Shanghai
    Certificate.objects.filter(pk=proof.pk).update(at=in_(-DAY))
    assert not is_due(account)
    Preferences.objects.create(user=account.owner, time_zone="Asia/Shanghai")
    assert is_due(account)


def test_a_mirror_without_any_proof_is_due_and_zero_is_never(account: Account, settings: Any) -> None:
    assert is_due(account)
    settings.SYNC_RECONCILE = timedelta(0)
    assert not is_due(account)


def test_the_clock_compares_the_whole_mailbox_once_a_day(account: Account, gmail: Gmail) -> None:
    sync(account)
    assert by_the_clock(account).mode == "incremental"
    lost = Message.objects.filter(account=account).first()
    assert lost is not None
    lost.delete()
    Certificate.objects.update(at=in_(-2 * DAY))
    before = gmail.units()
    done = by_the_clock(account)
    assert (done.mode, done.state) == ("reconcile", State.SUCCEEDED)
    assert_exact(account, gmail)
    assert gmail.units() - before < 200
    assert by_the_clock(account).mode == "incremental"


def by_the_clock(account: Account) -> SyncJob:
    Account.objects.filter(pk=account.pk).update(next_sync_at=in_(-timedelta(minutes=1)))
    assert schedule.tick() == 1
    job = SyncJob.objects.filter(resource=account.resource).latest("pk")
    done = runner.run(job.pk, "worker")
    assert done is not None
    return done
