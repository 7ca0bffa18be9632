"""End a pass over the whole mailbox with its certificate, or send it back for what is missing."""

from mailsync.sync.checkpoint import Position, Stage
from mailsync.sync.labelling import Tell
from mailsync.sync.ports import Store

MOST_ROUNDS = 3
MOST_FORGOTTEN = 5_000  # messages marked as gone in one transaction
SAMPLED = 50


def step(store: Store, position: Position, tell: Tell) -> Position | None:
    """The next position; None when the certificate is written, and the pass with it at its end."""
    progress = tell("certifying", 98)
    if store.forget_unlisted(MOST_FORGOTTEN, progress) == MOST_FORGOTTEN:
        return position
    sample = store.sample(SAMPLED)
    position = position.found(bytes_checked=sample.checked, bytes_damaged=len(sample.damaged))
    verdict = store.compare(sample.damaged, progress)
    if verdict.missing > verdict.owed and position.rounds < MOST_ROUNDS:
        after = position.at(Stage.FETCHING, rounds=position.rounds + 1)
        store.move(after, tell("fetching", 90))
        return after
    store.prove(verdict, position, tell("certifying", 99))
    return None
