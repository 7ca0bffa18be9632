"""Tell what was taken out of listings while they were read, page by page.

Gmail does not say what its page tokens point at. Where they count positions, whatever leaves a list under way moves the rest of
it up, past the reader: a message that nobody touched is on no page, and no record of history tells of it.
"""

from collections.abc import Iterable

from gmail.client import GmailClient
from gmail.resources import HistoryRecord
from mailsync.sync import listing
from mailsync.sync.checkpoint import Position

MOST_SHIFTS = 3  # listings that are read again; a mailbox that never rests must not keep a pass from its end
MOST_PAGES = 200


def deleted_meanwhile(gmail: GmailClient, position: Position) -> bool:
    """Whether mail was deleted since the listing began, if that had several pages. Raises HistoryExpired."""
    if not position.since or position.shifts >= MOST_SHIFTS:
        return False
    return any(record is None or record.deleted for record in _records(gmail, position.since))


def labels_shifted(gmail: GmailClient, position: Position) -> tuple[str, ...]:
    """Those of the labels with several pages that mail lost since they were listed. Raises HistoryExpired."""
    if not position.paged or position.shifts >= MOST_SHIFTS:
        return ()
    lost: set[str] = set()
    for record in _records(gmail, position.since):
        if record is None or record.deleted:
            return position.paged
        lost.update(label for change in record.labels_removed for label in change.label_ids)
    return tuple(label for label in position.paged if label in lost)


def _records(gmail: GmailClient, since: int) -> Iterable[HistoryRecord | None]:
    """All that happened since; None at the end if that was more than anybody would read."""
    token: str | None = None
    for _ in range(MOST_PAGES):
        page = listing.history(gmail, since, token)
        yield from page.records
        token = page.next_page_token
        if token is None:
            return
    yield None
