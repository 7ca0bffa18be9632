"""The counts of labels are what counting anew would give, whatever happens to mail."""

import random

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from mailsync.models import Account, LabelCount, Message

LABELS = ["INBOX", "UNREAD", "STARRED", "Label_1", "Label_2"]
COUNTED = """
SELECT account_id, label, count(*), count(*) FILTER (WHERE 'UNREAD' = ANY(labels))
FROM mailsync_message, unnest(array_append(labels, '')) AS label WHERE deleted_at IS NULL GROUP BY account_id, label ORDER BY 1, 2
"""


@pytest.fixture
def accounts(db: None) -> list[Account]:
    owner = User.objects.create_user("eva")
    return [Account.objects.create(owner=owner, email=f"{name}@example.com") for name in "ab"]


def counted() -> list[tuple[int, str, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(COUNTED)
        return cursor.fetchall()


def kept() -> list[tuple[int, str, int, int]]:
    rows = LabelCount.objects.exclude(total=0).order_by("account", "label_id")
    assert not LabelCount.objects.filter(total__lt=0).exists()
    assert not LabelCount.objects.filter(total=0).exclude(unread=0).exists()
    return list(rows.values_list("account", "label_id", "total", "unread"))


def message(account: Account, number: int, labels: list[str]) -> Message:
    moment = timezone.now()
    return Message(
        account=account,
        gmail_id=f"{number:x}",
        thread_id="t",
        labels=labels,
        labels_as_of=1,
        history_id=1,
        internal_date=moment,
        size=1,
    )


def test_they_follow_mail_that_comes_changes_is_deleted_and_comes_back(accounts: list[Account]) -> None:
    draw = random.Random(5)

    def some_labels() -> list[str]:
        return draw.sample(LABELS, draw.randint(0, 4))

    for number in range(60):
        rows = [message(account, 100 * number + n, some_labels()) for account in accounts for n in range(3)]
        Message.objects.bulk_create(rows)
        chosen = Message.objects.filter(pk__in=draw.sample([row.pk for row in Message.objects.only("pk")], 4))
        what = draw.randrange(5)
        if what == 0:
            chosen.delete()
        elif what == 1:
            chosen.update(deleted_at=timezone.now())
        elif what == 2:
            chosen.update(deleted_at=None)
        elif what == 3:
            chosen.update(labels=some_labels())
        else:
            again = message(accounts[0], int(chosen[0].gmail_id, 16), some_labels())
            unique = ["account", "gmail_id"]
            Message.objects.bulk_create([again], update_conflicts=True, update_fields=["labels"], unique_fields=unique)
        assert kept() == counted()
    assert len(counted()) == 2 * (1 + len(LABELS))


def test_an_account_goes_with_its_counts(accounts: list[Account]) -> None:
    Message.objects.bulk_create([message(account, n, ["INBOX"]) for account in accounts for n in range(3)])
    accounts[0].delete()
    assert kept() == [(accounts[1].pk, label, 3, 0) for label in ("", "INBOX")]
