"""Each invariant can fail: forged ledgers, each with one lie."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.chaos import checker
from tests.chaos.checker import Violated
from tests.chaos.ledger import Entry

Check = Callable[[Sequence[Entry]], Any]


def ledger_of(*rows: dict[str, Any]) -> list[Entry]:
    """Entries in order, of one job unless they say otherwise."""
    common = {"what": "job", "resource": "mailbox:1", "task_id": "a", "revision": 1, "percentage": 0.0, "backend": 7}
    return [Entry(id=place, at=float(place), **{**common, **row}) for place, row in enumerate(rows)]


GOOD = ledger_of(
    {"state": "CREATED"},
    {"state": "RUNNING", "claimed": True, "token": "t1", "revision": 2},
    {"what": "write", "token": "t1", "rows": 25},
    {"state": "RUNNING", "token": "t1", "revision": 3, "percentage": 50.0, "seen": "half"},
    {"state": "RUNNING", "claimed": True, "token": "t2", "revision": 4, "percentage": 50.0, "backend": 8},
    {"what": "write", "token": "t2", "backend": 8},
    {"state": "RUNNING", "token": "t2", "revision": 5, "percentage": 50.0, "cancelling": True},
    {"state": "CANCELLED", "revision": 6, "percentage": 50.0, "cancelling": True},
    {"state": "CREATED", "task_id": "b"},
    {"state": "SUCCEEDED", "task_id": "b", "revision": 2, "percentage": 100.0},
)

LIES: dict[str, tuple[Check, list[Entry]]] = {
    "two jobs are active at once": (
        checker.at_most_one_active,
        ledger_of({"state": "RUNNING"}, {"state": "CREATED", "task_id": "b"}),
    ),
    "a final job changes again": (
        checker.at_most_one_active,
        ledger_of({"state": "RUNNING"}, {"state": "FAILED"}, {"state": "RUNNING"}),
    ),
    "a final job changes to another end": (
        checker.at_most_one_active,
        ledger_of({"state": "CANCELLED"}, {"state": "SUCCEEDED"}),
    ),
    "a zombie writes under the token of its successor": (
        checker.written_by_holders,
        ledger_of(
            {"state": "RUNNING", "claimed": True, "token": "t1"},
            {"state": "RUNNING", "claimed": True, "token": "t2", "backend": 8},
            {"what": "write", "token": "t2", "backend": 7},
        ),
    ),
    "a page is written when nobody holds the job": (
        checker.written_by_holders,
        ledger_of({"state": "RUNNING", "claimed": True, "token": "t1"}, {"what": "write", "token": None}),
    ),
    "somebody writes who never claimed": (checker.written_by_holders, ledger_of({"what": "write", "token": "t1"})),
    "the token of another mailbox's job": (
        checker.written_by_holders,
        ledger_of(
            {"state": "RUNNING", "claimed": True, "token": "t1", "resource": "mailbox:2"},
            {"what": "write", "token": "t1"},
        ),
    ),
    "the bar falls": (
        checker.progress_rises,
        ledger_of({"state": "RUNNING", "percentage": 50.0}, {"state": "RUNNING", "percentage": 49.0, "revision": 2}),
    ),
    "a revision falls": (
        checker.progress_rises,
        ledger_of({"state": "RUNNING", "revision": 5}, {"state": "RUNNING", "revision": 4}),
    ),
    "two faces have one revision": (
        checker.progress_rises,
        ledger_of({"state": "RUNNING", "seen": "x"}, {"state": "RUNNING", "seen": "y"}),
    ),
    "an accepted job never ends": (
        lambda entries: checker.accepted_end(entries, {"a"}),
        ledger_of({"state": "RUNNING"}),
    ),
    "an accepted job was never made": (lambda entries: checker.accepted_end(entries, {"z"}), GOOD),
    "a cancel is ignored": (
        lambda entries: checker.cancels_end(entries, within=100),
        ledger_of({"state": "RUNNING", "cancelling": True}),
    ),
    "a cancelled job succeeds": (
        lambda entries: checker.cancels_end(entries, within=100),
        ledger_of({"state": "RUNNING", "cancelling": True}, {"state": "SUCCEEDED", "cancelling": True}),
    ),
    "a cancel takes too long": (lambda entries: checker.cancels_end(entries, within=0.5), GOOD),
}


def test_a_ledger_without_a_lie_passes_every_check() -> None:
    assert checker.at_most_one_active(GOOD) == 8
    assert checker.written_by_holders(GOOD) == 2
    assert checker.progress_rises(GOOD) == 6
    assert checker.accepted_end(GOOD, {"a", "b"}) == 2
    assert checker.cancels_end(GOOD, within=1.0) == (1, 1.0)


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_found(lie: str) -> None:
    check, entries = LIES[lie]
    with pytest.raises(Violated):
        check(entries)


def test_a_500_is_found_and_a_503_is_none() -> None:
    assert checker.no_server_errors({("smart", 202): 3, ("smart", 503): 1}) == 4
    with pytest.raises(Violated, match="500"):
        checker.no_server_errors({("smart", 202): 3, ("batch", 500): 1})


@pytest.mark.parametrize(
    ("mail", "labels"),
    [
        ({"1": [["INBOX"], "aa"]}, ["INBOX"]),
        ({"1": [["INBOX"], "aa"], "2": [["INBOX"], "bb"], "3": [[], "cc"]}, ["INBOX"]),
        ({"1": [["INBOX"], "aa"], "2": [["INBOX", "STARRED"], "bb"]}, ["INBOX"]),
        ({"1": [["INBOX"], "aa"], "2": [["INBOX"], "b0"]}, ["INBOX"]),
        ({"1": [["INBOX"], "aa"], "2": [["INBOX"], "bb"]}, ["INBOX", "Peru"]),
    ],
    ids=["a message is lacking", "one is too many", "a label is wrong", "a byte is wrong", "a label's name is wrong"],
)
def test_a_mirror_that_differs_is_found(mail: dict[str, Any], labels: list[str]) -> None:
    truth = [{"labels": ["INBOX"], "mail": {"1": [["INBOX"], "aa"], "2": [["INBOX"], "bb"]}}]
    assert checker.mirrors_equal(truth, truth) == 2
    with pytest.raises(Violated):
        checker.mirrors_equal([{"labels": labels, "mail": mail}], truth)
