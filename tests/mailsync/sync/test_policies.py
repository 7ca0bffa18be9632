"""What is fetched at once, what later, what on demand."""

import time
from itertools import cycle
from threading import Event
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from gmail import mime
from mailsync import messages, schedule
from mailsync.disconnect import jobs_of
from mailsync.models import Account, Body, Certificate, Message, RawMessage, Usage
from mailsync.models.mail import MOST_REFUSALS
from mailsync.sync.bodies import keep_raw
from mailsync.sync.rows import body_row
from syncjobs import lifecycle, runner
from syncjobs.models import SyncJob
from syncjobs.states import Queue, State, Trigger
from tests.committed import at_once
from tests.mailsync.mirror import assert_exact, held, sync, truth
from tests.mailsync.simulated import Gmail

Policy = Account.Policy


@pytest.fixture
def both(account: Account) -> Account:
    return with_policy(account, Policy.BOTH)


@pytest.fixture
def readable(account: Account) -> Account:
    return with_policy(account, Policy.READABLE)


def with_policy(account: Account, policy: Policy) -> Account:
    Account.objects.filter(pk=account.pk).update(policy=policy)
    account.refresh_from_db()
    return account


def backfill_of(account: Account) -> SyncJob | None:
    return SyncJob.objects.filter(resource=account.raw_resource).order_by("-id").first()


def backfill(account: Account) -> SyncJob:
    """The backfill that a sync has left behind, worked on until nothing is due."""
    job = backfill_of(account)
    while job is not None and job.is_active:
        job = runner.run(job.pk, "worker")
    assert job is not None, "no backfill was due"
    return job


@pytest.fixture
def browser(account: Account) -> Client:
    """The owner's, signed in."""
    client = Client()
    client.force_login(account.owner)
    return client


def everything_but_bytes(state: dict[str, Any]) -> dict[str, Any]:
    return {id_: columns[:3] for id_, columns in state.items()}


def test_a_sync_has_succeeded_when_everything_is_readable(both: Account, gmail: Gmail) -> None:
    job = sync(both)
    assert (job.state, job.stats["added"]) == (State.SUCCEEDED, 40)
    assert everything_but_bytes(held(both)) == everything_but_bytes(truth(gmail))
    assert {row.fidelity for row in Message.objects.all()} == {"full"}
    both.refresh_from_db()
    assert both.complete_as_of is not None
    assert not RawMessage.objects.exists()


def test_what_a_reader_sees_is_the_same_before_and_after_the_bytes_come(both: Account) -> None:
    sync(both)
    before = {row.gmail_id: messages.body(row) for row in Message.objects.all()}
    assert all(before.values())
    assert backfill(both).state == State.SUCCEEDED
    for row in Message.objects.all():
        was, now = before[row.gmail_id], messages.body(row)
        assert was is not None and now is not None
        assert (was.text, was.html) == (now.text, now.html), row.subject
        assert row.attachments == [
            {"part_id": each.part_id, "filename": each.filename, "mime_type": each.mime_type, "size": each.size}
            for each in mime.parse(messages.raw(row) or b"").attachments
        ]


def test_raw_bytes_follow_on_a_job_that_meets_no_other(both: Account, gmail: Gmail) -> None:
    sync(both)
    waiting = backfill_of(both)
    assert waiting is not None and waiting.state == State.CREATED
    assert (waiting.mode, waiting.queue, waiting.facts["account"]) == ("backfill", Queue.SCHEDULED, both.pk)
    other = schedule.request_sync(both, trigger=Trigger.BUTTON)
    assert other.created, "a click is not answered with the backfill"
    done = backfill(both)
    assert (done.state, done.stats["added"], done.stats["done"], done.stats["total"]) == (State.SUCCEEDED, 40, 40, 40)
    assert not Body.objects.exists()
    assert {row.fidelity for row in Message.objects.all()} == {"raw"}
    assert held(both) == truth(gmail)


def test_threads_make_everything_readable_for_fewer_units_than_every_byte(both: Account, gmail: Gmail) -> None:
    (first,) = gmail.deliver()
    gmail.deliver(messages=[{"threadId": first, "subject": "Re: long", "text": "yes"}] * 19)
    gmail.control("reset-stats")
    sync(both)
    spent, every_byte = gmail.units(), 20 * 60
    assert spent < every_byte - 10 * 20
    assert Usage.objects.get(account=both).units >= spent - 5
    gmail.control("reset-stats")
    backfill(both)
    assert gmail.units() == every_byte
    assert Usage.objects.get(account=both).units >= spent + every_byte - 5


def test_under_readable_no_raw_bytes_are_fetched(readable: Account) -> None:
    assert sync(readable).state == State.SUCCEEDED
    assert backfill_of(readable) is None
    assert not RawMessage.objects.exists() and Body.objects.count() == 40


def test_new_mail_is_readable_first_too(both: Account, gmail: Gmail) -> None:
    sync(both)
    backfill(both)
    new = gmail.deliver(3)
    gmail.label(gmail.ids()[5:8], add=("STARRED",))
    assert sync(both).state == State.SUCCEEDED
    assert set(Body.objects.values_list("message__gmail_id", flat=True)) == set(new)
    backfill(both)
    assert_exact(both, gmail)


def test_a_second_policy_is_made_good_by_a_backfill(readable: Account, gmail: Gmail) -> None:
    sync(readable)
    schedule.set_policies(readable, by="anna", trigger=Trigger.BUTTON, policy=Policy.BOTH)
    backfill(Account.objects.get(pk=readable.pk))
    assert_exact(readable, gmail)


def test_a_full_pass_under_archive_brings_the_bytes_that_are_owed(readable: Account, gmail: Gmail) -> None:
    sync(readable)
    job = sync(with_policy(readable, Policy.ARCHIVE), full=True)
    assert (job.state, job.stats["added"]) == (State.SUCCEEDED, 0)
    assert_exact(readable, gmail)
    assert not Body.objects.exists()


def test_a_backfill_goes_on_where_it_was_killed(both: Account, gmail: Gmail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailsync.sync.backfill.MOST_AT_ONCE", 10)
    sync(both)
    job = backfill_of(both)
    assert job is not None
    half = runner.run(job.pk, "worker", slice_seconds=0)
    assert half is not None and half.is_active
    gmail.control("reset-stats")
    backfill(both)
    assert_exact(both, gmail)
    assert max(gmail.gets().values()) == 1


def test_bytes_that_gmail_refuses_are_asked_for_again_by_later_jobs_but_not_for_ever(
    both: Account, gmail: Gmail
) -> None:
    sync(both)
    broken = gmail.ids()[3]
    gmail.faults({"fault": "failedPrecondition", "match": {"ids": [broken]}})
    job = backfill(both)
    assert (job.state, job.stats["failed"], job.stats["added"]) == (State.SUCCEEDED, 1, 39)
    assert job.events.filter(code="raw_refused", params__gmail_id=broken).exists()
    gmail.faults()
    sync(both)
    backfill(both)
    assert_exact(both, gmail)


def test_bytes_that_gmail_refuses_are_asked_for_once_by_a_job_however_many_slices_it_has(
    both: Account, gmail: Gmail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailsync.sync.backfill.MOST_AT_ONCE", 5)
    sync(both)
    broken = Body.objects.earliest("pk").message
    gmail.faults({"fault": "domain_policy", "match": {"ids": [broken.gmail_id]}})
    asked = cycle([False, False, True])
    monkeypatch.setattr("syncjobs.shutdown.asked", lambda: next(asked))
    job = backfill(both)
    assert (job.state, job.stats["failed"], job.slices > 2) == (State.SUCCEEDED, 1, True)
    assert Body.objects.get().refusals == 1
    monkeypatch.undo()
    sync(both)
    backfill(both)
    assert Body.objects.get().refusals == 2


def test_mail_is_removed_while_its_bytes_come_and_neither_waits_for_the_other_for_ever(
    both: Account, gmail: Gmail
) -> None:
    Account.objects.filter(pk=both.pk).update(deleted_policy=Account.DeletedPolicy.REMOVE)
    sync(both)
    gmail.delete(gone := gmail.ids()[:1])
    row = Message.objects.get(gmail_id=gone[0])
    locked = Event()

    def bring() -> None:
        """As keep_raw does, with time between what it locks first and what it takes away last."""
        with transaction.atomic():
            connection.cursor().execute("SELECT FROM mailsync_message WHERE id = %s FOR KEY SHARE", [row.pk])
            locked.set()
            time.sleep(1)
            keep_raw([(row.pk, b"Subject: late")])

    def remove() -> SyncJob:
        locked.wait(10)
        return sync(both)

    brought, job = at_once([bring, remove])
    assert brought is None and isinstance(job, SyncJob)
    assert (job.state, job.slices) == (State.SUCCEEDED, 1)
    assert not Message.objects.filter(pk=row.pk).exists() and not RawMessage.objects.exists()


def test_bytes_that_were_refused_too_often_are_left_to_whoever_asks_for_them(both: Account, gmail: Gmail) -> None:
    sync(both)
    job = backfill_of(both)
    assert job is not None
    lifecycle.cancel(job, by="anna")
    Body.objects.update(refusals=MOST_REFUSALS)
    sync(both)
    assert backfill_of(both) == job, "no other was begun"


def test_what_vanished_since_is_passed_over(both: Account, gmail: Gmail) -> None:
    sync(both)
    gmail.delete(gmail.ids()[:2])
    assert backfill(both).state == State.SUCCEEDED
    sync(both)
    assert_exact(both, gmail)


def test_a_dead_grant_found_by_a_backfill_asks_for_a_new_one(both: Account, gmail: Gmail) -> None:
    sync(both)
    gmail.control("revoke", email=gmail.email)
    assert (backfill(both).state, backfill(both).error_code) == (State.FAILED, "reconnect_needed")
    both.refresh_from_db()
    assert both.state == Account.State.RECONNECT


def test_a_backfill_says_nothing_of_the_mailbox(both: Account, browser: Client) -> None:
    sync(both)
    job = backfill_of(both)
    assert job is not None
    lifecycle.claim(job.pk, "worker")
    (status,) = browser.get("/api/sync/status").json()["accounts"]
    assert (status["is_syncing"], status["sync_type"], status["progress_percentage"]) == (False, "full", 100)
    listed = browser.get(f"/api/jobs/?account={both.pk}").json()["results"]
    assert [each["sync_type"] for each in listed] == ["backfill", "full"]


def test_a_pause_rests_the_backfill_too(both: Account) -> None:
    sync(both)
    schedule.pause(both, by="anna")
    assert not jobs_of(both).filter(finished_at=None).exists()
    with pytest.raises(schedule.Paused):
        schedule.restart_backfill(jobs_of(both).latest("id"), Trigger.BUTTON)


def test_a_cancelled_backfill_can_be_retried(both: Account, gmail: Gmail) -> None:
    sync(both)
    job = backfill_of(both)
    assert job is not None
    lifecycle.cancel(job, by="anna")
    again = schedule.restart_backfill(job, Trigger.BUTTON)
    assert again.created and again.job.resource == both.raw_resource
    backfill(both)
    assert_exact(both, gmail)


def test_bytes_that_gmail_has_no_more_are_asked_for_once_however_many_slices_there_are(
    both: Account, gmail: Gmail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailsync.sync.backfill.MOST_AT_ONCE", 5)
    sync(both)
    gone = gmail.ids()[:10]
    gmail.delete(gone)
    gmail.control("reset-stats")
    job = backfill_of(both)
    while job is not None and job.is_active:
        job = runner.run(job.pk, "worker", slice_seconds=0.2)
    assert job is not None and job.state == State.SUCCEEDED
    assert gmail.units() == 20 * 40, "each of the forty once"


def test_a_policy_that_owes_nothing_ends_the_backfill(both: Account) -> None:
    sync(both)
    schedule.set_policies(both, by="anna", trigger=Trigger.BUTTON, policy=Policy.READABLE)
    job = backfill_of(both)
    assert job is not None and job.state == State.CANCELLED


def test_a_message_of_which_nothing_is_held_is_fetched_again_by_the_next_full_pass(both: Account, gmail: Gmail) -> None:
    sync(both)
    Body.objects.filter(message__gmail_id__in=gmail.ids()[:3]).delete()
    job = sync(both, full=True)
    assert (job.state, job.stats["added"], Body.objects.count()) == (State.SUCCEEDED, 0, 40)


def test_a_text_that_was_altered_is_mended_by_the_next_full_pass(readable: Account, gmail: Gmail) -> None:
    sync(readable)
    kept = Body.objects.order_by("?")[0]
    was = messages.body(kept.message)
    Body.objects.filter(pk=kept.pk).update(data=body_row(mime.parse(b"Subject: another\r\n\r\ntext"))[0])
    assert messages.body(kept.message) != was
    sync(readable, full=True)
    proof = Certificate.objects.latest("id")
    assert (proof.bytes_damaged, proof.missing_count) == (1, 0)
    assert messages.body(kept.message) == was


def test_a_damaged_text_is_no_error_and_is_mended_by_the_next_full_pass(
    readable: Account, gmail: Gmail, browser: Client
) -> None:
    sync(readable)
    kept = Body.objects.order_by("?")[0]
    was, data = messages.body(kept.message), bytearray(kept.data)
    data[len(data) // 2] ^= 1
    Body.objects.filter(pk=kept.pk).update(data=bytes(data))
    assert messages.body(kept.message) is None
    shown = browser.get(f"/api/messages/{kept.message.gmail_id}/")
    assert (shown.status_code, shown.json()["text"]) == (200, "")
    assert browser.get(f"/mail/{kept.message.gmail_id}/").status_code == 200
    sync(readable, full=True)
    proof = Certificate.objects.latest("id")
    assert (proof.bytes_damaged, proof.missing_count) == (1, 0)
    assert messages.body(kept.message) == was
