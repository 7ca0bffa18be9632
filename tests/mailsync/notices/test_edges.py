"""What is news."""

import pytest

from mailsync.models import Event
from mailsync.notices.edges import edge
from syncjobs.states import State

GOOD, BAD, OFF = State.SUCCEEDED, State.FAILED, State.CANCELLED


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        ([GOOD, GOOD], []),
        ([BAD, BAD, BAD], [Event.FAILED]),
        ([BAD, GOOD, GOOD, BAD], [Event.FAILED, Event.RECOVERED, Event.FAILED]),
        (["dead", "dead", GOOD], [Event.RECONNECT, Event.RECOVERED]),
        ([BAD, "dead", BAD, "dead", GOOD], [Event.FAILED, Event.RECONNECT, Event.RECOVERED]),
        (["dead", BAD, GOOD], [Event.RECONNECT, Event.RECOVERED]),
        ([BAD, OFF, BAD, OFF, GOOD, OFF], [Event.FAILED, Event.RECOVERED]),
    ],
)
def test_each_change_is_told_once(ends: list[State | str], told: list[Event]) -> None:
    trouble, found = "", []
    for end in ends:
        state = BAD if end == "dead" else State(end)
        trouble, event = edge(trouble, state, "reconnect_needed" if end == "dead" else "bug")
        found += [event] if event else []
    assert found == told
