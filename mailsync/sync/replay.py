"""Read history from a cursor; tell how far along it a replay is."""

from collections.abc import Sequence
from dataclasses import dataclass

from gmail.client import GmailClient
from gmail.errors import Transient
from gmail.resources import HistoryRecord
from mailsync.sync import listing
from mailsync.sync.plan import percentage

MOST_EMPTY_PAGES = 50


def records_after(gmail: GmailClient, cursor: int) -> tuple[Sequence[HistoryRecord], bool, int]:
    """The records after `cursor`, whether more follow, Gmail's current id; empty pages with a token are followed."""
    token: str | None = None
    for _ in range(MOST_EMPTY_PAGES):
        page = listing.history(gmail, cursor, token)
        token = page.next_page_token
        if page.records or token is None:
            return page.records, token is not None, page.history_id
    raise Transient("Gmail's history has more empty pages than anybody would read")


@dataclass(slots=True)
class Bar:
    """How far a replay stands: by historyIds from page to page, by messages within a page.

    How many messages the pages to come will ask for is unknown: those of the first page alone would fill the bar at once.
    """

    start: int | None = None
    low: float = 0.0
    high: float = 1.0
    before: int = 0

    def page(self, cursor: int, after: int, current: int, done: int) -> None:
        """The next page leads from `cursor` to `after`, the mailbox is at `current`, `done` messages were fetched before."""
        self.start = cursor if self.start is None else self.start
        way = max(current, after) - self.start
        self.low = (cursor - self.start) / way if way > 0 else 1.0
        self.high = (after - self.start) / way if way > 0 else 1.0
        self.before = done

    def percent(self, done: int, total: int, *, ceiling: float) -> float:
        """Where it stands with `done` messages of the `total` known so far."""
        within = percentage(done - self.before, total - self.before, ceiling=1.0) if total > self.before else 1.0
        return ceiling * (self.low + (self.high - self.low) * within)
