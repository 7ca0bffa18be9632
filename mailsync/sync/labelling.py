"""Compare labels with their listings, a page of one label at a time."""

from collections.abc import Callable
from dataclasses import replace

from gmail.client import GmailClient
from mailsync.sync import listing
from mailsync.sync.checkpoint import Position, Stage
from mailsync.sync.ports import Progress, Store

MOST_TAKEN_OFF = 5_000  # messages that lose a label in one transaction

Tell = Callable[[str, float], Progress]


def step(gmail: GmailClient, store: Store, position: Position, tell: Tell) -> Position:
    """The next page of the first label in `position`, or what follows when its listing is complete."""
    label = position.labels[0]
    progress = tell("labels", percent(position))
    if position.listed:
        rest = position.at(Stage.LABELS, labels=position.labels[1:], listed=False)
        return store.take_off(label, MOST_TAKEN_OFF, position, rest, progress)
    if position.page_token is None:
        # What history tells of later moments is newer than the whole listing, also than those pages of it that come after.
        position = replace(position, as_of=store.checkpoint().history_id or 0)
    page, position = listing.page_of_label(gmail, label, position)
    if page is None:
        return position.at(Stage.LABELS)  # anew: what is marked as seen stays so, which takes off nothing too much
    token = page.next_page_token
    paged = position.paged if token is None or label in position.paged else (*position.paged, label)
    after = replace(position, page_token=token, listed=token is None, paged=paged)
    return store.label_page(label, [ref.id for ref in page.refs], after, progress)


def percent(position: Position) -> float:
    """Between 90 and 98, by the labels that are left."""
    done = 1 - len(position.labels) / max(position.findings.labels_checked, 1)
    return 90 + 8 * max(done, 0.0)
