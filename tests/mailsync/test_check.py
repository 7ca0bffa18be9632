"""Looking only: what it costs, that it tells what a sync then adds."""

from django.contrib.auth.models import User
from django.test import Client

from mailsync import check
from mailsync.models import Account, Message
from tests.mailsync.mirror import sync
from tests.mailsync.simulated import Gmail

YEARS_AGO = "1100000000000"


def count(anna: User) -> int:
    client = Client()
    client.force_login(anna)
    found: int = client.get("/api/sync/check").json()["new_count"]
    return found


def test_what_check_counts_is_what_a_sync_adds(anna: User, account: Account, gmail: Gmail) -> None:
    """Mail imported with an old date counts too, though it is not among the newest; spam, trash, what went again do not."""
    sync(account)
    gmail.deliver(6)
    gmail.deliver(messages=[{"text": "imported", "internalDate": YEARS_AGO}])
    hidden = gmail.deliver(messages=[{"text": "win", "labelIds": ["SPAM"]}, {"text": "old", "internalDate": YEARS_AGO}])
    gmail.trash(hidden[1:])
    gmail.delete(gmail.deliver(1))
    gmail.control("reset-stats")

    counted = count(anna)

    assert counted == 7
    assert gmail.gets() == {} and gmail.units() <= 2 + 3 * 5
    sync(account)
    new = Message.objects.filter(account=account).order_by("-pk")[: counted + len(hidden)]
    assert sum(not {"SPAM", "TRASH"} & set(each.labels) for each in new) == counted
    assert count(anna) == 0


def test_a_history_that_is_too_long_gives_way_to_the_list(
    anna: User, account: Account, gmail: Gmail, monkeypatch: object
) -> None:
    """Counting only its first pages would say too little."""
    sync(account)
    gmail.deliver(3)
    monkeypatch.setattr(check, "MOST_HISTORY_PAGES", 0)  # type: ignore[attr-defined]

    assert count(anna) == 3
