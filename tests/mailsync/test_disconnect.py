"""Letting go of a mailbox, whoever works on it meanwhile."""

import pytest
from django.contrib.auth.models import User

from mailsync import schedule
from mailsync.connect import connect
from mailsync.credentials import user_grant
from mailsync.disconnect import disconnect
from mailsync.models import Account, Message, Revocation
from syncjobs import lifecycle, runner
from syncjobs.context import Context
from syncjobs.errors import CancelRequested
from syncjobs.models import SyncJob
from syncjobs.states import State, Trigger
from tests.committed import at_once
from tests.mailsync.mirror import assert_exact, sync
from tests.mailsync.simulated import Gmail


@pytest.fixture
def mailbox(anna: User) -> Account:
    return connect(anna, "anna@example.com", user_grant("1//refresh"))


def test_a_disconnected_mailbox_has_neither_job_nor_grant_nor_schedule(mailbox: Account) -> None:
    waiting = schedule.request_sync(mailbox, trigger=Trigger.BUTTON).job

    left = disconnect(mailbox, by="anna")

    waiting.refresh_from_db()
    assert waiting.state == State.CANCELLED
    assert (left.state, left.credentials, left.next_sync_at) == (Account.State.DISCONNECTED, "", None)
    with pytest.raises(schedule.Disconnected):
        schedule.request_sync(left, trigger=Trigger.BUTTON)
    assert schedule.tick() == 0
    assert SyncJob.objects.count() == 1


def test_a_pause_ends_with_the_schedule(mailbox: Account) -> None:
    schedule.pause(mailbox, by="anna")
    assert disconnect(mailbox, by="anna").paused_at is None


def test_whatever_its_last_worker_says_the_mailbox_stays_disconnected(mailbox: Account) -> None:
    job = schedule.request_sync(mailbox, trigger=Trigger.BUTTON).job
    claimed = lifecycle.claim(job.pk, "worker")
    assert claimed is not None

    disconnect(mailbox, by="anna")

    with pytest.raises(CancelRequested), Context(claimed).page():
        raise AssertionError("a page began")
    lifecycle.fail(claimed, "reconnect_needed")
    mailbox.refresh_from_db()
    assert (mailbox.state, mailbox.sync_message_code) == (Account.State.DISCONNECTED, "disconnected")


def test_clicks_at_the_same_moment_leave_nothing_active(mailbox: Account) -> None:
    def click() -> object:
        return schedule.request_sync(mailbox, trigger=Trigger.BUTTON)

    at_once([click, lambda: disconnect(mailbox, by="anna"), click, lambda: disconnect(mailbox, by="anna"), click])
    assert not SyncJob.objects.active().exists()
    assert Account.objects.get(pk=mailbox.pk).state == Account.State.DISCONNECTED


def test_a_grant_is_noted_for_its_end_at_google_once(mailbox: Account) -> None:
    disconnect(mailbox, by="anna")
    disconnect(mailbox, by="anna")
    assert [each.token for each in Revocation.objects.all()] == ["1//refresh"]


def test_a_mailbox_connected_again_goes_on_with_what_is_mirrored(account: Account, gmail: Gmail) -> None:
    sync(account)
    disconnect(account, by="anna")
    assert Message.objects.present().filter(account=account).count() == 40
    gmail.deliver(2)

    again = connect(account.owner, gmail.email.upper(), user_grant(f"sim-refresh-{gmail.email}"))

    assert (again.pk, again.state) == (account.pk, Account.State.OK)
    assert again.next_sync_at is not None
    assert sync(again).mode == "incremental"
    assert_exact(again, gmail)
    assert set(gmail.gets().values()) == {1}


def test_the_mirror_of_a_mailbox_that_was_erased_begins_anew(mailbox: Account) -> None:
    disconnect(mailbox, by="anna", erase=True)
    again = connect(mailbox.owner, mailbox.email, user_grant("1//another"))
    assert again.pk != mailbox.pk
    assert list(Account.objects.all()) == [again]
    assert list(Account.erasing.all()) == [mailbox]


def test_a_start_that_lost_against_the_eraser_is_refused(mailbox: Account) -> None:
    job = schedule.request_sync(mailbox, trigger=Trigger.BUTTON).job
    disconnect(mailbox, by="anna", erase=True)
    job.refresh_from_db()
    for start in (lambda: schedule.request_sync(mailbox, trigger=Trigger.BUTTON), lambda: schedule.restart(job, "api")):
        with pytest.raises(schedule.AccountGone):
            start()
    assert runner.run(job.pk, "worker") is None
