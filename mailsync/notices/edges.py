"""Decide whether the end of a job is news: pure."""

from mailsync.models import Event
from syncjobs.states import State

GRANT_IS_DEAD = {"reconnect_needed", "credentials_unreadable"}


def edge(before: str, state: State, code: str) -> tuple[str, Event | None]:
    """(what is wrong now, what to tell); `before` is what was last told to be wrong, "" when nothing.

    The tenth failure in a row is no news, neither is a success after a success. A problem that changed its kind for the
    worse is: a mailbox that fails waits for Gmail, one that needs to be reconnected waits for its owner.
    """
    if state is State.SUCCEEDED:
        return "", Event.RECOVERED if before else None
    if state is not State.FAILED:
        return before, None
    if code in GRANT_IS_DEAD:
        return Event.RECONNECT, None if before == Event.RECONNECT else Event.RECONNECT
    return (before, None) if before else (Event.FAILED, Event.FAILED)
