"""What a pass over the whole mailbox proves; what it finds and mends where the mirror was altered behind its back."""

from collections.abc import Callable, Iterator

import pytest

from gmail.client import GmailClient
from gmail.quota import Priority
from mailsync.credentials import open_credentials, open_mailbox
from mailsync.models import Account, Certificate, Message, RawMessage
from mailsync.sync import proof
from mailsync.sync.rows import raw_row
from mailsync.verify import verify
from syncjobs.states import State
from tests.mailsync.mirror import assert_exact, held, sync
from tests.mailsync.simulated import Gmail

Alter = Callable[[Message], None]


@pytest.fixture
def synced(account: Account) -> Account:
    assert sync(account).state == State.SUCCEEDED
    return account


@pytest.fixture
def mailbox(synced: Account) -> Iterator[GmailClient]:
    client = open_mailbox(
        synced, open_credentials(synced), lambda seconds, reason: None, priority=Priority.INTERACTIVE, max_wait=5
    )
    yield client
    client.close()


def newest(account: Account) -> Certificate:
    found = Certificate.objects.filter(account=account).order_by("-id").first()
    assert found is not None
    return found


def lose_the_row(message: Message) -> None:
    message.delete()


def add_a_row(message: Message) -> None:
    message.pk, message.gmail_id = None, "feedfacecafe"
    message.save(force_insert=True)


def alter_a_label(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(labels=[*message.labels, "Label_9"])


def alter_a_byte(message: Message) -> None:
    """Of what was compressed: it unpacks, to something else."""
    bytes_ = bytearray(b"Subject: altered\r\n\r\n".ljust(message.raw.size, b"x"))
    RawMessage.objects.filter(pk=message.pk).update(data=raw_row(bytes(bytes_))[0])


def damage_beyond_unpacking(message: Message) -> None:
    RawMessage.objects.filter(pk=message.pk).update(data=b"\x00" + bytes(message.raw.data)[1:])


@pytest.mark.parametrize(
    "alter",
    [lose_the_row, add_a_row, alter_a_label, alter_a_byte, damage_beyond_unpacking],
    ids=lambda each: each.__name__,
)
def test_whatever_is_altered_is_seen_by_verify_then_found_and_mended_by_the_next_pass(
    synced: Account, mailbox: GmailClient, gmail: Gmail, alter: Alter
) -> None:
    before = held(synced)
    assert verify(synced, mailbox, sample=None).equal
    victim = Message.objects.select_related("raw").filter(account=synced).order_by("gmail_id")[7]
    alter(victim)
    assert not verify(synced, mailbox, sample=None).equal
    assert sync(synced, full=True).state == State.SUCCEEDED
    assert held(synced) == before
    assert verify(synced, mailbox, sample=None).equal
    assert_exact(synced, gmail)
    found = newest(synced)
    assert found.complete and Certificate.objects.filter(account=synced).count() == 2
    assert found.labels_corrected == (alter is alter_a_label)
    assert found.bytes_damaged == (alter in (alter_a_byte, damage_beyond_unpacking))
    assert found.bytes_checked >= len(before)


def test_a_pass_without_differences_says_so(synced: Account) -> None:
    sync(synced, full=True)
    found = newest(synced)
    assert (found.labels_corrected, found.bytes_damaged, found.missing_count) == (0, 0, 0)
    assert found.labels_checked > 10 and found.bytes_checked == 40


def test_many_messages_that_are_gone_are_forgotten_a_few_at_a_time(
    synced: Account, gmail: Gmail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "MOST_FORGOTTEN", 4)
    gmail.delete(gmail.ids()[:10])
    gmail.expire_history()
    done = sync(synced)
    assert done.stats["deleted"] == 10
    assert_exact(synced, gmail)


def test_debts_make_no_proof_until_they_are_paid(account: Account, gmail: Gmail) -> None:
    broken = gmail.ids()[3:5]
    gmail.faults({"fault": "domain_policy", "match": {"method": "messages.get", "ids": broken}})
    sync(account)
    found = newest(account)
    assert (found.complete, found.missing_count, found.owed_count) == (False, 2, 2)
    assert sorted(found.missing) == sorted(broken)
    account.refresh_from_db()
    assert account.complete_as_of is None


def test_a_pass_that_ends_with_something_missing_that_nobody_owes_carries_nothing_forward(
    synced: Account, gmail: Gmail
) -> None:
    Account.objects.filter(pk=synced.pk).update(complete_as_of=None)
    Certificate.objects.filter(account=synced).update(missing_count=3, owed_count=1)
    sync(synced)
    synced.refresh_from_db()
    assert synced.complete_as_of is None
    sync(synced, full=True)
    synced.refresh_from_db()
    assert synced.complete_as_of is not None
