from types import SimpleNamespace
from typing import Any

import pytest

from gmail.errors import Refused
from gmail.resources import Message, MessageRef
from mailsync.models import Account, Listed
from mailsync.schedule import request_sync
from mailsync.sync.checkpoint import Position, Stage
from mailsync.sync.plan import Changes
from mailsync.sync.ports import Batch, Progress, Stats, Tally
from mailsync.sync.store import MailboxStore
from mailsync.usage import Meter
from syncjobs import lifecycle
from syncjobs.context import Context
from syncjobs.states import Trigger

LISTING = Position(Stage.LISTING)


@pytest.fixture
def store(account: Account) -> MailboxStore:
    claimed = lifecycle.claim(request_sync(account, trigger=Trigger.BUTTON).job.pk, "worker")
    assert claimed is not None
    return MailboxStore(account, Context(claimed), Meter(account.pk, SimpleNamespace(units=0, requests=0)))


def progress() -> Progress:
    return Progress("listing", Stats(), 0)


def refs(*numbers: int) -> list[MessageRef]:
    return [MessageRef(f"{number:x}", f"{number:x}") for number in numbers]


def message(number: int) -> Message:
    return Message(f"{number:x}", f"{number:x}", (), 1, 1, 10, "", b"Subject: one\r\n\r\n")


def counted(store: MailboxStore) -> Tally:
    listed = Listed.objects.filter(account=store.account)
    return Tally(listed.count(), listed.filter(wanted=True).count())


def test_what_is_carried_from_page_to_page_is_what_counting_gives(store: MailboxStore, account: Account) -> None:
    store.begin(1, LISTING, [], progress())
    failed: list[tuple[str, Any]] = [("4", Refused("no"))]
    pages = (
        lambda: store.list_page(refs(1, 2, 3, 4, 5), LISTING, progress()),
        lambda: store.list_page(refs(5, 6, 7), LISTING, progress()),
        lambda: store.save(Batch(messages=[message(1), message(2)], vanished=["3", "9"], failed=failed), progress()),
        lambda: store.save(Batch(messages=[message(1)]), progress()),
        lambda: store.apply(Changes(added={"8": "8"}, deleted={"5"}), 2, progress()),
        lambda: store.list_page(refs(2, 8, 10), LISTING, progress()),
        lambda: store.move(LISTING, progress()),
    )
    seen = []
    for page in pages:
        assert store.tally() == counted(store)
        page()
        assert store.tally() == counted(store)
        seen.append(store.tally())
    assert seen[0] == Tally(5, 5)
    assert seen[2] == Tally(6, 3)


def test_a_page_carries_the_count_on_without_counting(
    store: MailboxStore, account: Account, django_assert_num_queries: Any
) -> None:
    store.begin(1, LISTING, [], progress())
    store.tally()
    store.list_page(refs(1, 2), LISTING, progress())
    store.save(Batch(messages=[message(1)]), progress())
    with django_assert_num_queries(0):
        assert store.tally() == Tally(2, 1)
