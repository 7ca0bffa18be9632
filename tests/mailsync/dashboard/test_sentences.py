"""The one sentence on how a mailbox stands."""

from datetime import UTC, datetime
from typing import Any

import pytest

from mailsync.dashboard.sentences import Facts, Tone, state, summary

PROVEN = datetime(2020, 1, 2, 14, 2, tzinfo=UTC)


def facts(**changes: Any) -> Facts:
    values = {"connected": True, "paused": False, "held": 48213, "owed": 0, "complete_as_of": PROVEN}
    return Facts(**{**values, **changes})


@pytest.mark.parametrize(
    ("changes", "tone", "text"),
    [
        ({}, Tone.GOOD, "48,213 of 48,213."),
        ({"owed": 3}, Tone.QUIET, "48,213 of 48,216, the rest could not be read yet."),
        ({"complete_as_of": None}, Tone.QUIET, "Not complete yet: 48,213 messages so far."),
        ({"complete_as_of": None, "held": 0}, Tone.QUIET, "Never synced: press Sync to begin."),
        (
            {"connected": False, "job_state": "FAILED"},
            Tone.BAD,
            "Google no longer lets us in: connect this mailbox again.",
        ),
        (
            {"connected": False, "disconnected": True, "job_state": "FAILED", "held": 1},
            Tone.QUIET,
            "Disconnected: the 1 message mirrored before stays here.",
        ),
        ({"job_state": "CREATED"}, Tone.BUSY, "Waiting for a worker."),
        ({"job_state": "RUNNING"}, Tone.BUSY, "Syncing now."),
        ({"job_state": "FAILED"}, Tone.BAD, "The last sync failed."),
        ({"job_state": "CANCELLED"}, Tone.GOOD, "Complete as of"),
        ({"paused": True}, Tone.QUIET, "Paused."),
    ],
)
def test_the_sentence_says_what_matters_most(changes: dict[str, Any], tone: Tone, text: str) -> None:
    said = state(facts(**changes))
    assert said.tone is tone
    assert text in said.text


def test_a_failed_sync_does_not_take_back_what_was_proven() -> None:
    assert "48,213 of 48,213." in state(facts(job_state="FAILED")).text


@pytest.mark.parametrize(
    ("mailboxes", "text"),
    [
        ([], "No mailbox is connected yet."),
        ([{}, {}], "Your mail is safe: nothing is missing."),
        ([{}, {"job_state": "RUNNING"}], "Your mail is safe: nothing is missing."),
        ([{}, {"complete_as_of": None, "job_state": "RUNNING"}], "Your mail is being mirrored."),
        ([{}, {"owed": 1}], "Your mail is not complete here yet."),
        ([{"connected": False}, {}], "One mailbox needs you."),
        ([{"connected": False}, {"job_state": "FAILED"}], "2 mailboxes need you."),
    ],
)
def test_the_headline_answers_for_all_mailboxes(mailboxes: list[dict[str, Any]], text: str) -> None:
    assert summary([facts(**each) for each in mailboxes]).text == text


def test_mailboxes_that_were_disconnected_need_nobody() -> None:
    gone = facts(connected=False, disconnected=True)
    assert summary([facts(), gone]).tone is Tone.GOOD
    assert summary([gone]).text == "No mailbox is connected any more."
