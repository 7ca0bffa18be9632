"""List ids as Gmail has them now."""

from gmail.client import GmailClient
from gmail.errors import NotFound, Refused
from gmail.resources import HistoryPage, MessagePage
from mailsync.sync.checkpoint import Position

FEW = 4
MOST_REFUSALS = 20  # of a pass: one that waits for its quota for days may meet some
LARGE = "larger:1M"  # above this a message is fetched alone, so that a batch stays within a few MB


def large(gmail: GmailClient, wanted: set[str]) -> set[str]:
    """Those of `wanted` that are not to share a batch, as Gmail lists the newest big messages: what is new is among them.

    A few are fetched one by one sooner than sizes are known.
    """
    if len(wanted) <= FEW:
        return wanted
    return wanted & {ref.id for ref in gmail.list_messages(q=LARGE).refs}


class TokensRefused(Refused):
    """Gmail refuses its own page tokens, again and again: to begin anew for ever would only spend quota."""


def page(gmail: GmailClient, position: Position, q: str | None = None) -> tuple[MessagePage, Position]:
    """A page of ids; where Gmail forgot the token, the first one again: what is noted already is noted once.

    Raises TokensRefused.
    """
    try:
        return gmail.list_messages(q=q, page_token=position.page_token), position
    except Refused as refusal:
        if position.page_token is None:
            raise
        return gmail.list_messages(q=q), _refused(position, refusal)


def history(gmail: GmailClient, cursor: int, token: str | None) -> HistoryPage:
    """A page of the records after `cursor`; where Gmail forgot the token, the first one again."""
    try:
        return gmail.list_history(cursor, page_token=token)
    except Refused:
        if token is None:
            raise
        return gmail.list_history(cursor)


def page_of_label(gmail: GmailClient, label: str, position: Position) -> tuple[MessagePage | None, Position]:
    """A page of the mail with this label, an empty one where the label itself is gone; None where Gmail forgot the token.

    Raises TokensRefused.
    """
    try:
        return gmail.list_messages(label_ids=[label], page_token=position.page_token), position
    except (NotFound, Refused) as refusal:
        if position.page_token is not None:
            return None, _refused(position, refusal)
        if label in {each.id for each in gmail.list_labels()}:
            raise
        return MessagePage((), None, 0), position


def _refused(position: Position, refusal: NotFound | Refused) -> Position:
    if position.refusals >= MOST_REFUSALS:
        raise TokensRefused(str(refusal), refusal.status, getattr(refusal, "reason", "")) from refusal
    return position.refused()
