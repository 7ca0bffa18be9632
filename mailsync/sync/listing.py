"""List ids as Gmail has them now."""

from collections.abc import Callable

from gmail.client import GmailClient
from gmail.errors import NotFound, Refused
from gmail.resources import HistoryPage, MessagePage


def page(gmail: GmailClient, token: str | None, q: str | None = None, label: str | None = None) -> MessagePage:
    """A page of ids; where Gmail forgot the token, the first one again: what is noted already is noted once."""
    labels = [label] if label else []
    try:
        return gmail.list_messages(q=q, label_ids=labels, page_token=token)
    except Refused:
        if token is None:
            raise
        return gmail.list_messages(q=q, label_ids=labels)


def history(gmail: GmailClient, cursor: int, token: str | None) -> HistoryPage:
    """A page of the records after `cursor`; where Gmail forgot the token, the first one again."""
    try:
        return gmail.list_history(cursor, page_token=token)
    except Refused:
        if token is None:
            raise
        return gmail.list_history(cursor)


def ids_of_label(gmail: GmailClient, label: str, beat: Callable[[], None]) -> set[str]:
    """All mail with this label; none where the label itself was deleted, maybe since labels were listed."""
    try:
        return _all_ids(gmail, label, beat)
    except (NotFound, Refused):
        if label in {each.id for each in gmail.list_labels()}:
            raise
        return set()


def _all_ids(gmail: GmailClient, label: str, beat: Callable[[], None]) -> set[str]:
    ids: set[str] = set()
    token: str | None = None
    while True:
        found = page(gmail, token, label=label)
        ids.update(ref.id for ref in found.refs)
        beat()
        token = found.next_page_token
        if token is None:
            return ids
