"""The bytes of every message, held or fetched, and who lacks them."""

import pytest

from mailsync import messages
from mailsync.export.originals import MOST_BYTES, Missing, Original, Originals, portions
from mailsync.models import Account, Message, RawMessage
from tests.mailsync.export.mail import message
from tests.mailsync.mirror import sync, truth
from tests.mailsync.simulated import Gmail


@pytest.fixture
def mails(account: Account) -> list[Message]:
    """A mirror of which only the bytes of the oldest thirty are held."""
    sync(account)
    rows = list(Message.objects.filter(account=account).order_by("-internal_date", "-gmail_id"))
    RawMessage.objects.filter(message__in=rows[:10]).delete()
    return rows


def test_what_is_not_held_is_fetched_and_kept(mails: list[Message], gmail: Gmail) -> None:
    found = list(Originals().of([mails]))
    assert [each.message for each in found] == mails and all(isinstance(each, Original) for each in found)
    assert RawMessage.objects.count() == len(mails)
    assert {each["id"] for each in gmail.mailbox()["messages"]} == set(truth(gmail))


def test_what_gmail_has_no_more_is_missing(mails: list[Message], gmail: Gmail) -> None:
    gmail.delete([mails[0].gmail_id])
    found = [each for each in Originals().of([mails]) if isinstance(each, Missing)]
    assert found == [Missing(mails[0], "gone")]


def test_damaged_bytes_are_mended_or_missing_never_given_out(mails: list[Message], gmail: Gmail) -> None:
    broken, gone, swapped, other = mails[-4:]
    RawMessage.objects.filter(message__in=[broken, gone]).update(data=b"no zstandard")
    gmail.delete([gone.gmail_id])
    held = RawMessage.objects.get(message=other)
    RawMessage.objects.filter(message=swapped).update(data=bytes(held.data), size=held.size)
    found = list(Originals().of([mails[-4:]]))
    assert [type(each) for each in found] == [Original, Missing, Missing, Original]
    assert {each.code for each in found if isinstance(each, Missing)} == {"damaged"}
    assert messages.raw(broken) == found[0].raw  # type: ignore[union-attr]


def test_a_mailbox_that_is_closed_is_asked_once(mails: list[Message], gmail: Gmail) -> None:
    gmail.control("revoke", email=gmail.email)
    gmail.control("reset-stats")
    found = [each for each in Originals().of([mails]) if isinstance(each, Missing)]
    assert {each.code for each in found} == {"reconnect_needed"} and len(found) == 10
    assert gmail.gets() == {}


def test_trouble_is_waited_out_for_a_while_and_then_no_longer_at_each_message(
    mails: list[Message], gmail: Gmail
) -> None:
    gmail.faults({"fault": "domain_policy", "match": {"method": "messages.get"}})
    slept: list[float] = []
    found = [each for each in Originals(slept.append).of([mails[:2]]) if isinstance(each, Missing)]
    assert [each.code for each in found] == ["unreachable"] * 2
    assert slept == [1.0, 5.0, 15.0]


def test_quota_is_waited_for(mails: list[Message], gmail: Gmail) -> None:
    gmail.faults({"fault": "429", "match": {"method": "messages.get"}})
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        gmail.faults()

    assert isinstance(next(Originals(sleep).of([mails[:1]])), Original)
    assert len(slept) == 1


def test_a_portion_is_bounded_and_a_big_message_comes_alone() -> None:
    sizes = [10, MOST_BYTES * 2, 10, 10, MOST_BYTES - 20, 1]
    mails = [message(str(number), size=size) for number, size in enumerate(sizes)]
    assert [[each.size for each in few] for few in portions(mails)] == [
        [10],
        [MOST_BYTES * 2],
        [10, 10, MOST_BYTES - 20],
        [1],
    ]
    assert [len(few) for few in portions([message(str(number), size=1) for number in range(250)])] == [100, 100, 50]
