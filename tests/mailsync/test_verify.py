from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command

from gmail.client import GmailClient
from gmail.quota import Priority
from mailsync.credentials import open_credentials, open_mailbox
from mailsync.models import Account, Label, Message, RawMessage
from mailsync.verify import Differences, verify
from tests.mailsync.mirror import sync
from tests.mailsync.simulated import Gmail


@pytest.fixture
def client_of(account: Account) -> Iterator[GmailClient]:
    sync(account)
    client = open_mailbox(
        account, open_credentials(account), lambda *_: None, priority=Priority.INTERACTIVE, max_wait=1
    )
    yield client
    client.close()


def test_an_untouched_mirror_is_equal(account: Account, client_of: GmailClient) -> None:
    found = verify(account, client_of, sample=None)
    assert found == Differences(checked=40, bytes_checked=40) and found.equal


def test_whatever_differs_is_found(account: Account, client_of: GmailClient, gmail: Gmail) -> None:
    row, deleted, surplus, damaged, swapped = Message.objects.filter(account=account).order_by("gmail_id")[:5]
    Message.objects.filter(pk=row.pk).update(labels=["Label_9"])
    deleted.delete()
    Message.objects.filter(pk=surplus.pk).update(gmail_id="0ff")
    RawMessage.objects.filter(message=damaged).update(data=b"no zstandard")
    other = RawMessage.objects.get(message=row)
    RawMessage.objects.filter(message=swapped).update(
        data=bytes(other.data), size=other.size, sha256=bytes(other.sha256)
    )
    Label.objects.filter(account=account, label_id="Label_1").update(name="Renamed")
    found = verify(account, client_of, sample=None)
    assert not found.equal
    assert found.labels == [row.gmail_id]
    assert found.missing == sorted([deleted.gmail_id, surplus.gmail_id]) and found.surplus == ["0ff"]
    assert sorted(found.bytes) == sorted([damaged.gmail_id, swapped.gmail_id])
    assert found.label_names == ["Label_1"]


def test_mail_whose_bytes_are_not_held_differs(account: Account, client_of: GmailClient) -> None:
    row = Message.objects.filter(account=account).first()
    RawMessage.objects.filter(message=row).delete()
    assert verify(account, client_of, sample=None).bytes == [row.gmail_id]  # type: ignore[union-attr]


def test_a_sample_is_bounded(account: Account, client_of: GmailClient) -> None:
    assert verify(account, client_of, sample=7).bytes_checked == 7
    assert verify(account, client_of, sample=0).bytes_checked == 0


def test_the_command_fails_where_something_differs(
    account: Account, client_of: GmailClient, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("verify_account", account.email)
    assert "Equal." in capsys.readouterr().out
    Message.objects.filter(account=account).order_by("pk")[0].delete()
    with pytest.raises(CommandError):
        call_command("verify_account", account.email, "--json", "--sample", "3")
