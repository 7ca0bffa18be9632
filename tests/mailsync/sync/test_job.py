"""The whole way of a sync: from the request through engine and store to a mirror that equals its mailbox."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partialmethod
from typing import Any

import pytest
from cryptography.fernet import Fernet

from gmail.client import GmailClient
from mailsync.models import Account, Certificate, Checkpoint, Failure, Listed, Message
from mailsync.schedule import request_scope, request_sync
from mailsync.sync import asks, fetching, job, listing
from mailsync.sync.scopes import WINDOW
from mailsync.sync.store import MailboxStore
from syncjobs import lifecycle, runner
from syncjobs.admission import Scope
from syncjobs.context import Context, Report
from syncjobs.errors import LeaseLost
from syncjobs.models import SyncJob
from syncjobs.states import Phase, State, Trigger
from tests.mailsync.mirror import assert_exact, held, sync, truth
from tests.mailsync.simulated import Gmail

Turn = Callable[[timedelta], None]


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a small mailbox has many pages."""
    monkeypatch.setattr(asks, "MOST_MESSAGES", 10)
    monkeypatch.setattr(fetching, "PARTS", 10)


@pytest.fixture
def synced(account: Account) -> Account:
    assert sync(account).state == State.SUCCEEDED
    return account


class Faltering(Context):
    """Loses its lease in the middle of page number `at` (from 0)."""

    at = 0
    begun = 0

    @contextmanager
    def page(self) -> Iterator[Report]:
        with super().page() as report:
            yield report
            self.begun += 1
            if self.begun > self.at:
                raise LeaseLost


def falter(account: Account, at: int) -> SyncJob:
    """A slice that ends in the middle of page `at`; its worker gives back what it can."""
    asked = request_sync(account, trigger=Trigger.BUTTON).job
    claimed = lifecycle.claim(asked.pk, "a worker that falters")
    assert claimed is not None
    context = Faltering(claimed)
    context.at = at
    try:
        job.run(context)
    except LeaseLost:
        lifecycle.release(claimed, wait=timedelta(0), phase=Phase.NEXT_SLICE, code="")
    else:
        lifecycle.succeed(claimed)
    return SyncJob.objects.get(pk=asked.pk)


def test_a_first_sync_is_a_full_pass_that_ends_exact_and_certified(account: Account, gmail: Gmail) -> None:
    done = sync(account)
    assert (done.state, done.mode, done.percentage) == (State.SUCCEEDED, "full", 100)
    assert_exact(account, gmail)
    proof = Certificate.objects.get(account=account)
    assert (proof.listed, proof.mirrored, proof.missing_count) == (40, 40, 0)
    account.refresh_from_db()
    assert account.complete_as_of is not None and account.last_success_at is not None
    assert set(gmail.gets().values()) == {1}
    assert done.stats["added"] == done.stats["done"] == done.stats["total"] == 40
    assert done.stats["units"] == gmail.units()


def test_the_newest_mail_comes_first_and_a_forgotten_page_token_starts_the_listing_anew(
    account: Account, gmail: Gmail
) -> None:
    gmail.deliver(470)
    falter(account, at=4)  # begin, big mail, the first page of ids, a glimpse of the newest
    glimpse = set(held(account))
    assert len(glimpse) >= fetching.PARTS and glimpse == set(gmail.ids()[: len(glimpse)])
    assert Checkpoint.objects.get(account=account).position["page_token"]
    gmail.faults({"fault": "expired_page_token", "match": {"method": "messages.list"}, "times": 1})
    assert sync(account).state == State.SUCCEEDED
    assert_exact(account, gmail)


def test_an_incremental_sync_mirrors_every_kind_of_change(synced: Account, gmail: Gmail) -> None:
    ids = gmail.ids()
    gmail.deliver(3)
    gmail.label(ids[:2], add=("STARRED", "Label_1"), remove=("UNREAD",))
    gmail.label(ids[2:3], add=("Label_2",))
    gmail.label(ids[2:3], remove=("Label_2",))
    gmail.trash(ids[3:5])
    gmail.delete(ids[5:7])
    gone = gmail.deliver(1)
    gmail.delete(gone)
    before = gmail.gets()
    done = sync(synced)
    assert (done.state, done.mode) == (State.SUCCEEDED, "incremental")
    assert_exact(synced, gmail)
    assert sum(gmail.gets().values()) - sum(before.values()) == 3
    assert set(
        Message.objects.filter(account=synced).exclude(deleted_at=None).values_list("gmail_id", flat=True)
    ) == set(ids[5:7])


def test_mail_deleted_in_gmail_is_removed_where_the_owner_wants_it(synced: Account, gmail: Gmail) -> None:
    Account.objects.filter(pk=synced.pk).update(deleted_policy=Account.DeletedPolicy.REMOVE)
    ids = gmail.ids()[:2]
    gmail.delete(ids)
    sync(synced)
    assert not Message.objects.filter(account=synced, gmail_id__in=ids).exists()
    assert_exact(synced, gmail)


def test_who_chooses_to_keep_deleted_mail_keeps_it_from_that_moment_on(
    synced: Account, gmail: Gmail, monkeypatch: pytest.MonkeyPatch
) -> None:
    Account.objects.filter(pk=synced.pk).update(deleted_policy=Account.DeletedPolicy.REMOVE)
    gmail.delete(gone := gmail.ids()[:3])
    look = MailboxStore.lacking

    def chosen_in_mid_slice(store: MailboxStore, ids: list[str]) -> set[str]:
        Account.objects.filter(pk=synced.pk).update(deleted_policy=Account.DeletedPolicy.KEEP)
        return look(store, ids)

    monkeypatch.setattr(MailboxStore, "lacking", chosen_in_mid_slice)
    sync(synced)
    assert Message.objects.exclude(deleted_at=None).filter(gmail_id__in=gone).count() == 3


def window(account: Account) -> SyncJob:
    """All mail, as a window, by a worker."""
    job: SyncJob | None = request_scope(account, Scope(WINDOW, {"after": 1}), trigger=Trigger.BUTTON).job
    while job is not None and job.is_active:
        job = runner.run(job.pk, "worker")
    assert job is not None
    return job


def test_a_window_brings_what_a_pass_wanted_that_was_cancelled(account: Account, gmail: Gmail) -> None:
    falter(account, at=3)  # all is listed, nothing fetched
    lifecycle.cancel(SyncJob.objects.active().get(), by="anna")
    assert Listed.objects.filter(wanted=True).count() == 40
    done = window(account)
    assert (done.state, done.stats["added"]) == (State.SUCCEEDED, 40)
    assert held(account) == truth(gmail)
    assert not Listed.objects.filter(wanted=True).exists()


def test_a_forgotten_page_token_starts_the_list_of_a_window_anew(
    account: Account, gmail: Gmail, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = partialmethod(GmailClient.list_messages, max_results=15)
    monkeypatch.setattr(GmailClient, "list_messages", pages)
    gmail.faults({"fault": "expired_page_token", "times": 1})
    assert window(account).state == State.SUCCEEDED
    assert held(account) == truth(gmail)


def test_an_idle_incremental_sync_costs_at_most_five_units(synced: Account, gmail: Gmail) -> None:
    before = gmail.units()
    done = sync(synced)
    assert done.mode == "incremental" and gmail.units() - before <= 5
    synced.refresh_from_db()
    assert synced.complete_as_of is not None and synced.complete_as_of >= synced.last_success_at  # type: ignore[operator]


def test_a_new_label_comes_with_its_name(synced: Account, gmail: Gmail) -> None:
    label = gmail.control("create-label", email=gmail.email, name="Été 夏")["id"]
    gmail.label(gmail.ids()[:1], add=(label,))
    sync(synced)
    assert_exact(synced, gmail)


def test_expired_history_becomes_a_reconcile_that_ends_exact(synced: Account, gmail: Gmail) -> None:
    ids = gmail.ids()
    gmail.delete(ids[:3])
    gmail.label(ids[4:6], add=("Label_3",), remove=("INBOX",))
    gmail.deliver(2)
    gmail.expire_history()
    before = gmail.gets()
    done = sync(synced)
    assert (done.state, done.mode) == (State.SUCCEEDED, "reconcile")
    assert "history_expired" in [event.code for event in done.events.all()]
    assert_exact(synced, gmail)
    assert sum(gmail.gets().values()) - sum(before.values()) == 2


def test_a_forced_full_sync_downloads_nothing_that_is_held(synced: Account, gmail: Gmail) -> None:
    before = gmail.gets()
    done = sync(synced, full=True)
    assert (done.state, done.mode, gmail.gets()) == (State.SUCCEEDED, "full", before)
    assert Certificate.objects.filter(account=synced).count() == 2


def test_a_full_sync_mends_a_mirror_that_was_damaged(synced: Account, gmail: Gmail) -> None:
    ids = gmail.ids()
    Message.objects.filter(account=synced, gmail_id=ids[0]).delete()
    Message.objects.filter(account=synced, gmail_id=ids[1]).update(labels=["Label_9"])
    sync(synced, full=True)
    assert_exact(synced, gmail)


def test_a_label_that_gmail_no_longer_has_is_taken_off_the_mail(synced: Account, gmail: Gmail) -> None:
    row = Message.objects.filter(account=synced).first()
    assert row is not None
    Message.objects.filter(pk=row.pk).update(labels=[*row.labels, "Label_gone"])
    sync(synced, full=True)
    assert_exact(synced, gmail)


def test_a_label_deleted_while_labels_are_compared_stops_nothing(
    account: Account, gmail: Gmail, small_pages: None
) -> None:
    falter(account, at=11)
    row = Checkpoint.objects.get(account=account)
    assert row.position["stage"] == "labels", row.position
    row.position["labels"] = ["Label_gone", *row.position["labels"]]
    row.save()
    assert sync(account).state == State.SUCCEEDED
    assert_exact(account, gmail)


@pytest.mark.parametrize("at", range(9))  # begin, big mail, ids, four pages of mail, two moves
def test_a_worker_lost_in_any_page_costs_no_mail_and_no_second_download(
    account: Account, gmail: Gmail, small_pages: None, at: int
) -> None:
    assert falter(account, at).state == State.RUNNING
    arrived = gmail.deliver(1)
    gmail.label(gmail.ids()[5:6], add=("Label_4",))
    gmail.delete(gmail.ids()[7:8])
    assert sync(account).state == State.SUCCEEDED
    assert set(arrived) <= set(held(account))
    assert_exact(account, gmail)
    twice = [id_ for id_, times in gmail.gets().items() if times > 1]
    assert len(twice) <= 10 and max(gmail.gets().values()) <= 2


def test_a_sync_that_falters_after_every_few_pages_ends_exact(
    account: Account, gmail: Gmail, small_pages: None
) -> None:
    slices = 0
    while (found := falter(account, at=5)).is_active:
        slices += 1
        if slices % 3 == 0:
            gmail.deliver(1)
        assert slices < 30
    assert found.state == State.SUCCEEDED and slices > 5
    sync(account)
    assert_exact(account, gmail)


def test_mail_that_a_lost_worker_had_fetched_is_counted_once(synced: Account, gmail: Gmail, small_pages: None) -> None:
    gmail.deliver(30)
    assert falter(synced, at=2).is_active
    done = sync(synced)
    assert (done.stats["total"], done.stats["done"]) == (30, 30)


def test_slices_of_no_length_still_get_there(account: Account, gmail: Gmail) -> None:
    assert sync(account, slice_seconds=0.2).state == State.SUCCEEDED
    assert_exact(account, gmail)


def test_a_mailbox_that_is_suddenly_empty_is_not_emptied_however_often_it_is_tried(
    synced: Account, gmail: Gmail
) -> None:
    gmail.delete(gmail.ids())
    gmail.expire_history()
    before = held(synced)
    for _ in range(3):
        done = sync(synced)
        assert (done.state, done.error_code) == (State.FAILED, "suddenly_empty")
        assert held(synced) == before
    gmail.deliver(1)
    assert sync(synced).state == State.SUCCEEDED
    assert_exact(synced, gmail)


def test_a_message_that_gmail_will_not_give_is_a_debt_that_is_paid_later(account: Account, gmail: Gmail) -> None:
    broken = gmail.ids()[3:5]
    gmail.faults({"fault": "domain_policy", "match": {"method": "messages.get", "ids": broken}})
    done = sync(account)
    assert done.state == State.SUCCEEDED
    assert set(truth(gmail)) - set(held(account)) == set(broken)
    assert set(Failure.objects.filter(account=account).values_list("gmail_id", flat=True)) == set(broken)
    account.refresh_from_db()
    assert account.complete_as_of is None
    gmail.faults()
    sync(account)
    assert_exact(account, gmail)
    assert not Failure.objects.exists()
    account.refresh_from_db()
    assert account.complete_as_of is not None


def test_a_big_message_that_arrives_during_a_pass_and_cannot_be_had_is_left_to_its_debt(
    account: Account, gmail: Gmail
) -> None:
    falter(account, at=3)
    (new,) = gmail.deliver(1)
    gmail.faults({"fault": "domain_policy", "match": {"method": "messages.get", "ids": [new]}})
    falter(account, at=2)
    assert Failure.objects.get().gmail_id == new
    listed = Listed.objects.filter(gmail_id=new).values_list("wanted", flat=True)
    assert list(listed) == [False], "a batch of the pass must not ask for it"


def test_a_debt_that_was_deleted_in_gmail_is_forgotten(account: Account, gmail: Gmail) -> None:
    broken = gmail.ids()[3:4]
    gmail.faults({"fault": "domain_policy", "match": {"method": "messages.get", "ids": broken}})
    sync(account)
    gmail.faults()
    gmail.delete(broken)
    sync(account)
    assert not Failure.objects.exists()
    assert_exact(account, gmail)


@pytest.mark.parametrize("fault", ["429", "user_rate_limit"])
def test_a_rate_limit_is_a_wait_and_no_failure(account: Account, gmail: Gmail, turn: Turn, fault: str) -> None:
    gmail.faults({"fault": fault, "match": {"method": "messages.list"}, "times": 1})
    waiting = sync(account)
    assert (waiting.state, waiting.phase, waiting.attempts) == (State.RUNNING, Phase.WAITING_FOR_QUOTA, 0)
    turn(timedelta(hours=2))
    assert sync(account).state == State.SUCCEEDED
    assert_exact(account, gmail)


def test_an_outage_is_waited_out(account: Account, gmail: Gmail, turn: Turn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gmail.backoff.jitter", lambda attempt: 0.0)
    gmail.faults({"fault": "503"})
    waiting = sync(account)
    assert (waiting.state, waiting.phase, waiting.attempts) == (State.RUNNING, Phase.BACKING_OFF, 1)
    gmail.faults()
    turn(timedelta(hours=1))
    assert sync(account).state == State.SUCCEEDED
    assert_exact(account, gmail)


def test_three_messages_that_always_fail_do_not_stop_the_mailbox(
    synced: Account, gmail: Gmail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gmail.backoff.jitter", lambda attempt: 0.0)
    Failure.objects.bulk_create(Failure(account=synced, gmail_id=id_, code="transient") for id_ in gmail.ids()[:3])
    gmail.faults({"fault": "500", "match": {"method": "messages.get", "ids": gmail.ids()[:3]}})
    gmail.deliver(1)
    assert sync(synced).state == State.SUCCEEDED
    assert Failure.objects.filter(account=synced).count() == 3


def test_a_revoked_grant_asks_for_a_person(synced: Account, gmail: Gmail) -> None:
    gmail.control("revoke", email=gmail.email)
    done = sync(synced)
    assert (done.state, done.error_code) == (State.FAILED, "reconnect_needed")
    synced.refresh_from_db()
    assert (synced.state, synced.sync_message_code) == (Account.State.RECONNECT, "reconnect_needed")
    gmail.control("grant", email=gmail.email)


def test_a_disconnected_mailbox_fails_clearly(account: Account) -> None:
    asked = request_sync(account, trigger=Trigger.BUTTON).job
    Account.objects.filter(pk=account.pk).delete()
    done = runner.run(asked.pk, "worker")
    assert done is not None and (done.state, done.error_code) == (State.FAILED, "account_gone")


def test_a_grant_that_no_key_opens_fails_clearly(account: Account, settings: Any) -> None:
    settings.TOKEN_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    asked = request_sync(account, trigger=Trigger.BUTTON).job
    done = runner.run(asked.pk, "worker")
    assert done is not None and (done.state, done.error_code) == (State.FAILED, "credentials_unreadable")
    assert Account.objects.values_list("state", flat=True).get(pk=account.pk) == Account.State.RECONNECT


@pytest.mark.parametrize("stage", ["listing", "window"])
def test_a_gmail_that_refuses_all_its_page_tokens_ends_the_job_and_the_next_one_begins_anew(
    account: Account, gmail: Gmail, stage: str
) -> None:
    gmail.deliver(520)
    gmail.control("reset-stats")
    gmail.faults({"fault": "expired_page_token", "match": {"method": "messages.list"}})
    scope = Scope(WINDOW, {"after": 1}) if stage == "window" else None
    asked = request_scope(account, scope, trigger=Trigger.BUTTON)
    runner.run(asked.job.pk, "worker")
    asked.job.refresh_from_db()
    assert (asked.job.state, asked.job.error_code) == (State.FAILED, "gmail_refused")
    assert gmail.ask("stats")["requests"]["messages.list"] <= 2 * (listing.MOST_REFUSALS + 3)
    gmail.faults()
    assert sync(account).state == State.SUCCEEDED
    assert_exact(account, gmail)
