"""Count what Gmail has that the mirror lacks, fetching none of it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from gmail.client import GmailClient
from gmail.errors import HistoryExpired
from gmail.resources import HistoryRecord
from mailsync.models import Account, Checkpoint, Message
from mailsync.sync.plan import fold

MOST_HISTORY_PAGES = 50


@dataclass(frozen=True, slots=True)
class Count:
    """How many messages are new (spam and trash aside), as of when."""

    new: int
    as_of: datetime


def count_new(account: Account, gmail: GmailClient) -> Count:
    """By history where the mirror is complete up to a point of it (2 units while nothing is new), else by listing all ids.

    Raises GmailError.
    """
    as_of = datetime.now(UTC)
    checkpoint = Checkpoint.objects.filter(account=account, history_id__isnull=False, position={}).first()
    if checkpoint is None or checkpoint.history_id is None:
        return Count(len(_lacking_of_all(account, gmail)), as_of)
    try:
        added = _added(gmail, checkpoint.history_id)
    except HistoryExpired:
        added = None
    if added is None:
        return Count(len(_lacking_of_all(account, gmail)), as_of)
    return Count(len(_visible(gmail, _lacking(account, added))), as_of)


def _added(gmail: GmailClient, cursor: int) -> set[str] | None:
    """What was added since `cursor`; None where history is longer than a list of all ids would be."""
    records: list[HistoryRecord] = []
    token = None
    for _ in range(MOST_HISTORY_PAGES):
        page = gmail.list_history(cursor, page_token=token)
        records.extend(page.records)
        token = page.next_page_token
        if token is None:
            return set(fold(records).added)
    return None


def _visible(gmail: GmailClient, ids: set[str]) -> set[str]:
    """Those of `ids` outside spam and trash: the newest ones by one listing, what was imported with an old date by exclusion."""
    if not ids:
        return ids
    seen = ids & _newest(gmail, len(ids))
    return seen | _outside(gmail, ids - seen)


def _outside(gmail: GmailClient, ids: set[str]) -> set[str]:
    """`ids` without those in spam or trash; lists no further than needed to place each."""
    for label in ("SPAM", "TRASH"):
        token = None
        while ids:
            page = gmail.list_messages(label_ids=[label], page_token=token)
            ids = ids - {ref.id for ref in page.refs}
            token = page.next_page_token
            if token is None:
                break
    return ids


def _newest(gmail: GmailClient, wanted: int) -> set[str]:
    """The newest ids outside spam and trash, one page more than `wanted` would fill: order is no promise of Gmail's."""
    ids: set[str] = set()
    token = None
    for _ in range(wanted // 500 + 2):
        page = gmail.list_messages(page_token=token, include_spam_trash=False)
        ids.update(ref.id for ref in page.refs)
        token = page.next_page_token
        if token is None:
            break
    return ids


def _lacking_of_all(account: Account, gmail: GmailClient) -> set[str]:
    lacking: set[str] = set()
    token = None
    while True:
        page = gmail.list_messages(page_token=token, include_spam_trash=False)
        lacking |= _lacking(account, {ref.id for ref in page.refs})
        token = page.next_page_token
        if token is None:
            return lacking


def _lacking(account: Account, ids: set[str]) -> set[str]:
    held = Message.objects.filter(account=account, deleted_at=None, gmail_id__in=ids)
    return ids - set(held.values_list("gmail_id", flat=True))
