"""The log of every message: a line for each change, written with it, none where nothing changed."""

from types import SimpleNamespace
from typing import Any

import pytest

from mailsync.models import Account, Certificate, Change, Message, RawMessage
from mailsync.schedule import request_sync
from mailsync.sync.plan import Changes
from mailsync.sync.ports import Progress, Stats
from mailsync.sync.store import MailboxStore
from mailsync.usage import Meter
from syncjobs import lifecycle
from syncjobs.context import Context
from syncjobs.models import SyncJob
from syncjobs.states import State, Trigger
from tests.mailsync.mirror import assert_exact, sync, truth
from tests.mailsync.simulated import Gmail
from tests.mailsync.sync.test_job import falter

Lines = list[tuple[Any, ...]]


@pytest.fixture
def synced(account: Account) -> Account:
    assert sync(account).state == State.SUCCEEDED
    return account


def log(account: Account, gmail_id: str) -> Lines:
    """The log of a message, oldest first."""
    lines = Change.objects.filter(account=account, gmail_id=gmail_id).order_by("id")
    return list(lines.values_list("kind", "labels_added", "labels_removed"))


def replayed(account: Account) -> dict[str, set[str]]:
    """The labels that the logs add up to, for each message that they say is there."""
    labels: dict[str, set[str]] = {}
    for line in Change.objects.filter(account=account).order_by("id"):
        before = labels.pop(line.gmail_id, set())
        assert not before & set(line.labels_added) and set(line.labels_removed) <= before | set(line.labels_added)
        labels[line.gmail_id] = before - set(line.labels_removed) | set(line.labels_added)
    last = Change.objects.filter(account=account).order_by("gmail_id", "-id").distinct("gmail_id")
    return {line.gmail_id: labels[line.gmail_id] for line in last if line.kind != Change.Kind.DELETED}


def assert_log_adds_up(account: Account, gmail: Gmail) -> None:
    assert replayed(account) == {id_: set(labels) for id_, (labels, *_) in truth(gmail).items()}


def test_a_first_sync_writes_one_line_per_message_with_its_labels(account: Account, gmail: Gmail) -> None:
    job = sync(account)
    assert Change.objects.filter(account=account).count() == 40
    assert set(Change.objects.values_list("kind", "task_id")) == {("added", job.task_id)}
    assert_log_adds_up(account, gmail)


def test_history_writes_what_it_changes_once(synced: Account, gmail: Gmail) -> None:
    ids = gmail.ids()
    gmail.label([ids[0]], add=("STARRED", "IMPORTANT"), remove=("UNREAD",))
    gmail.label([ids[0]], remove=("STARRED",))
    gmail.delete([ids[1]])
    new = gmail.deliver(1)[0]
    had = set(Message.objects.get(account=synced, gmail_id=ids[0]).labels)

    job = sync(synced)

    now = set(truth(gmail)[ids[0]][0])
    assert log(synced, ids[0])[1:] == ([("labels", sorted(now - had), sorted(had - now))] if now != had else [])
    assert log(synced, ids[1])[1:] == [("deleted", [], [])]
    assert [kind for kind, *_ in log(synced, new)] == ["added"]
    assert {Change.objects.filter(gmail_id=each).latest("id").task_id for each in (new, ids[1])} == {job.task_id}
    assert_log_adds_up(synced, gmail)


def test_what_is_seen_again_writes_nothing(synced: Account, gmail: Gmail) -> None:
    gmail.label(gmail.ids()[:5], add=("STARRED",))
    sync(synced)
    before = Change.objects.count()
    sync(synced)
    sync(synced, full=True)
    assert Change.objects.count() == before
    gmail.expire_history()
    sync(synced)
    assert Change.objects.count() == before


def test_labels_found_by_listing_are_written(synced: Account, gmail: Gmail) -> None:
    one, two = gmail.ids()[:2]
    Message.objects.filter(account=synced, gmail_id=one).update(labels=["STARRED"], labels_as_of=0)
    Message.objects.filter(account=synced, gmail_id=two).update(labels=[], labels_as_of=0)
    assert sync(synced, full=True).state == State.SUCCEEDED
    assert_exact(synced, gmail)
    for line in Change.objects.filter(gmail_id__in=[one, two], kind="labels"):
        assert len(line.labels_added) + len(line.labels_removed) == 1
    found = {label for _, added, _ in log(synced, two)[1:] for label in added}
    assert found == set(truth(gmail)[two][0])


def test_labels_that_a_second_download_brings_are_written(synced: Account, gmail: Gmail) -> None:
    wanted = gmail.ids()[0]
    Message.objects.filter(account=synced, gmail_id=wanted).update(labels=["Label_x"])
    RawMessage.objects.filter(message__gmail_id=wanted).delete()
    sync(synced, full=True)
    kind, added, removed = log(synced, wanted)[1]
    assert (kind, added, removed) == ("labels", sorted(truth(gmail)[wanted][0]), ["Label_x"])


def test_mail_missing_from_a_listing_is_written_as_deleted(synced: Account, gmail: Gmail) -> None:
    gone = gmail.ids()[0]
    gmail.expire_history()
    gmail.delete([gone])
    job = sync(synced, full=True)
    assert log(synced, gone)[1:] == [("deleted", [], [])], "it keeps the labels that it went with"
    line = Change.objects.get(gmail_id=gone, kind="deleted")
    assert line.task_id == job.task_id
    assert line.history_id == Certificate.objects.latest("id").history_id


@pytest.mark.parametrize("policy", Account.DeletedPolicy.values)
def test_mail_that_comes_back_says_so_whether_it_was_kept_or_removed(
    synced: Account, gmail: Gmail, policy: str
) -> None:
    Account.objects.filter(pk=synced.pk).update(deleted_policy=policy)
    synced.refresh_from_db()
    back = gmail.ids()[0]
    forget(synced, back)
    assert Message.objects.filter(account=synced, gmail_id=back).exists() == (policy == "keep")
    sync(synced, full=True)
    assert_exact(synced, gmail)
    assert [kind for kind, *_ in log(synced, back)][-2:] == ["deleted", "restored"]


def forget(account: Account, gmail_id: str) -> None:
    """What history does to the mirror when it says that a message was deleted."""
    claimed = lifecycle.claim(request_sync(account, trigger=Trigger.BUTTON).job.pk, "worker")
    assert claimed is not None
    store = MailboxStore(account, Context(claimed), Meter(account.pk, SimpleNamespace(units=0, requests=0)))
    cursor = store.checkpoint().history_id
    assert cursor is not None
    store.apply(Changes(deleted={gmail_id}), cursor, Progress("replaying", Stats(), 0))
    lifecycle.succeed(claimed)


def test_the_log_of_a_page_that_was_lost_is_lost_with_it(account: Account, gmail: Gmail) -> None:
    for page in range(8):
        falter(account, page)
        written = set(Change.objects.values_list("gmail_id", flat=True))
        assert written == set(Message.objects.values_list("gmail_id", flat=True))
    while sync(account).state != State.SUCCEEDED:
        pass
    assert Change.objects.count() == 40
    assert not SyncJob.objects.active().exists()
    assert_log_adds_up(account, gmail)
