"""Every fault alone, and mixtures of them, during each kind of pass: the mirror ends equal to the mailbox."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from mailsync.models import Account
from syncjobs.states import State
from tests.mailsync import simulated
from tests.mailsync.simulated import Gmail
from tests.mailsync.sync.weather import (
    KEPT,
    LABELS,
    MESSAGES,
    Clock,
    assert_verified,
    impatience,
    live,
    pursue,
    what_is_missing_is_owed,
)

Rule = dict[str, Any]
MAILBOXES = 400


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Iterator[str]]]:
    """Smaller mailboxes than other tests have: here they are synced by the hundred."""
    addresses = [f"storm{number}@example.com" for number in range(MAILBOXES)]
    with (tmp_path_factory.mktemp("gmail") / "log").open("wb") as log:
        process, url = simulated.start(addresses, MESSAGES, log)
        try:
            yield url, iter(addresses)
        finally:
            process.terminate()
            process.wait(10)
            if process.stdout:
                process.stdout.close()


@pytest.fixture
def clock(gmail: Gmail) -> Iterator[Clock]:
    for label in set(LABELS) - set(KEPT):
        gmail.control("delete-label", email=gmail.email, id=label, silent=True)
    with impatience():
        yield Clock()
    gmail.control("script", cues=[])


def often(fault: str, method: str = "", **more: Any) -> Rule:
    """Every third call that it is about, six times: enough to meet many, too seldom to look like an outage."""
    return {"fault": fault, "match": {"every": 3} | ({"method": method} if method else {}), "times": 6, **more}


REFUSALS = [
    "401", "403", "429", "concurrent", "daily_limit", "project_limit", "user_rate_limit", "quotaExceeded",
    "retry_after", "retry_after_403", "failedPrecondition", "500", "502", "503", "504",
]  # fmt: skip
ALONE: dict[str, list[Rule]] = {
    **{fault: [often(fault)] for fault in [*REFUSALS, "reset", "truncate", "close"]},
    "a batch refused": [often("403", "batch") | {"times": 2}],
    "a batch out of order": [often("503", "batch")],
    "a batch reset": [often("reset", "batch")],
    "a batch cut": [often("truncate", "batch")],
    "a batch that hangs": [often("hang", "batch") | {"times": 1, "match": {"method": "batch"}}],
    "a listing that hangs": [often("hang", "*") | {"times": 1}],
    "missing parts": [often("missing_part", "messages.get")],
    "connections closed between batches": [{"fault": "close", "match": {"method": "batch"}}],
    "empty pages": [often("empty_page", "messages.list"), often("empty_page", "history.list")],
    "forgotten page tokens": [often("expired_page_token", "messages.list"), often("expired_page_token", "history.list")],
    "duplicate records": [{"fault": "duplicate_records", "match": {"method": "history.list"}}],
    "records without labels": [{"fault": "absent_labels", "match": {"method": "history.list"}}],
    "one history too old": [{"fault": "history404", "match": {"every": 2}, "times": 1}],
    "three histories too old": [{"fault": "history404", "match": {"every": 2}, "times": 3}],
}


def weather_the_storm(account: Account, gmail: Gmail, clock: Clock, rules: list[Rule], dice: random.Random) -> int:
    """A first sync, one by history, one that compares all, each under these rules; how often they struck."""
    struck = 0
    for prepare in (lambda: None, lambda: live(gmail, dice), lambda: (live(gmail, dice), gmail.expire_history())):
        prepare()
        gmail.faults(*rules)
        done = pursue(account, clock)
        struck += sum(rule["struck"] for rule in gmail.ask("stats")["faults"])
        gmail.faults()
        assert done.state == State.SUCCEEDED, (done.error_code, done.error_params, done.traceback)
        what_is_missing_is_owed(account, gmail)
        assert pursue(account, clock).state == State.SUCCEEDED
        assert_verified(account, gmail)
    return struck


@pytest.mark.parametrize("name", ALONE)
def test_one_fault_throughout_each_kind_of_pass_loses_nothing(
    account: Account, gmail: Gmail, clock: Clock, name: str
) -> None:
    assert weather_the_storm(account, gmail, clock, ALONE[name], random.Random(name)) > 0
