"""List ids as Gmail has them now."""

from gmail.client import GmailClient
from gmail.errors import NotFound, Refused
from gmail.resources import HistoryPage, MessagePage

FEW = 4
LARGE = "larger:1M"  # above this a message is fetched alone, so that a batch stays within a few MB


def large(gmail: GmailClient, wanted: set[str]) -> set[str]:
    """Those of `wanted` that are not to share a batch, as Gmail lists the newest big messages: what is new is among them.

    A few are fetched one by one sooner than sizes are known.
    """
    if len(wanted) <= FEW:
        return wanted
    return wanted & {ref.id for ref in gmail.list_messages(q=LARGE).refs}


def page(gmail: GmailClient, token: str | None, q: str | None = None) -> MessagePage:
    """A page of ids; where Gmail forgot the token, the first one again: what is noted already is noted once."""
    try:
        return gmail.list_messages(q=q, page_token=token)
    except Refused:
        if token is None:
            raise
        return gmail.list_messages(q=q)


def history(gmail: GmailClient, cursor: int, token: str | None) -> HistoryPage:
    """A page of the records after `cursor`; where Gmail forgot the token, the first one again."""
    try:
        return gmail.list_history(cursor, page_token=token)
    except Refused:
        if token is None:
            raise
        return gmail.list_history(cursor)


def page_of_label(gmail: GmailClient, label: str, token: str | None) -> MessagePage | None:
    """A page of the mail with this label, an empty one where the label itself is gone; None where Gmail forgot the token."""
    try:
        return gmail.list_messages(label_ids=[label], page_token=token)
    except (NotFound, Refused):
        if token is not None:
            return None
        if label in {each.id for each in gmail.list_labels()}:
            raise
        return MessagePage((), None, 0)
