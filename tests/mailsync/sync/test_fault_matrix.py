"""Every fault alone, and mixtures of them with a mailbox that changes, in each kind of pass: the mirror ends exact."""

import random
from collections.abc import Iterable
from typing import Any

import pytest

from mailsync.models import Account
from syncjobs.states import State
from tests.mailsync.sync.weather import DUE, PARTS, PASSES, Cue, Rule, Weather

SEEDS, MORE_SEEDS = range(2), range(2, 150)
MOST_CALLS = 50  # of a first sync; one by history has some eight

COMMON = [
    PASSES["full"],
    PASSES["incremental"],
]  # a reconcile has the stages of a full pass: not every time in the default suite


def often(fault: str, method: str = "", **more: Any) -> Rule:
    """Every third call that it is about, six times: enough to meet many, too seldom to look like an outage."""
    return {"fault": fault, "match": {"every": 3} | ({"method": method} if method else {}), "times": 6, **more}


REFUSALS = ["403", "429", "concurrent", "daily_limit", "project_limit", "user_rate_limit", "quotaExceeded"]
REFUSALS += ["retry_after", "retry_after_403", "failedPrecondition", "500", "502", "503", "504"]
ALONE: dict[str, list[Rule]] = {
    **{fault: [often(fault)] for fault in [*REFUSALS, "reset", "truncate", "close"]},
    # Google's fresh tokens are refused so seldom that a request meets it once, not in its second round as well.
    "401": [often("401") | {"match": {"every": 7}}],
    "a batch refused": [often("403", "batch") | {"times": 2}],
    "a batch out of order": [often("503", "batch")],
    "a batch reset": [often("reset", "batch")],
    "a batch cut": [often("truncate", "batch")],
    "a batch that hangs": [{"fault": "hang", "match": {"method": "batch"}, "times": 1}],
    "a call that hangs": [often("hang") | {"times": 1}],
    "missing parts": [often("missing_part", "messages.get")],
    "closed between two batches": [{"fault": "close", "match": {"method": "batch"}}],
    "empty pages": [often("empty_page", "messages.list"), often("empty_page", "history.list")],
    "forgotten page tokens": [
        often("expired_page_token", "messages.list"),
        often("expired_page_token", "history.list"),
        often("empty_page", "history.list"),
    ],
    "duplicate records": [{"fault": "duplicate_records", "match": {"method": "history.list"}}],
    "records without labels": [{"fault": "absent_labels", "match": {"method": "history.list"}}],
    "one history too old": [{"fault": "history404", "match": {"every": 2}, "times": 1}],
    "three histories too old": [{"fault": "history404", "match": {"every": 2}, "times": 3}],
}


def happenings(weather: Weather, dice: random.Random) -> dict[str, tuple[str, dict[str, Any]]]:
    """What can happen to a mailbox between two calls: a command of the simulator with its body."""
    ids = weather.gmail.ids()
    dice.shuffle(ids)
    doomed = weather.gmail.control("create-label", email=weather.gmail.email, name=f"Doomed {dice.random()}")["id"]
    weather.gmail.label(ids[:3], add=(doomed,))
    labels = {"add": ["STARRED", "Label_1"], "remove": ["INBOX", "UNREAD", "Label_2"]}
    return {
        "mail arrives": ("deliver", {"count": 2}),
        "mail moves": ("labels", {"ids": ids[:4], **labels}),
        "mail moves back": ("labels", {"ids": ids[2:6], "add": labels["remove"], "remove": labels["add"]}),
        "mail is thrown away": ("trash", {"ids": ids[5:8]}),
        "mail vanishes": ("delete", {"ids": ids[7:9]}),
        "a label is created": ("create-label", {"name": f"New {dice.random()}"}),
        "a label is renamed": ("rename-label", {"id": "Label_2", "name": f"Renamed {dice.random()}"}),
        "a label is deleted": ("delete-label", {"id": doomed, "silent": dice.random() < 0.5}),
        "history is forgotten": ("expire-history", {}),
        "the access token ends": ("expire-tokens", {}),
    }


HAPPENINGS = 10


def unrest(weather: Weather, dice: random.Random, calls: int) -> list[Cue]:
    """Everything that can happen, each somewhere among the calls of a pass."""
    return [
        weather.cue(command, dice.randint(1, calls), **body)
        for command, body in happenings(weather, dice).values()
        if command != "expire-history" or dice.random() < 0.5
    ]


POLICIES = [Account.Policy.ARCHIVE, Account.Policy.BOTH, Account.Policy.READABLE]


def by_turns(names: Iterable[str]) -> list[Any]:
    """Each under one policy in the default suite, under the others with --long."""
    return [
        pytest.param(name, policy, marks=() if place % 3 == turn else pytest.mark.long)
        for place, name in enumerate(names)
        for turn, policy in enumerate(POLICIES)
    ]


@pytest.mark.parametrize(("name", "policy"), by_turns(ALONE))
def test_one_fault_throughout_each_kind_of_pass_loses_nothing(
    weather: Weather, name: str, request: pytest.FixtureRequest
) -> None:
    dice, struck = random.Random(name), 0
    for prepare in PASSES.values() if request.config.getoption("--long") or dice.random() < 0.3 else COMMON:
        prepare(weather, dice)
        struck += weather.endure(ALONE[name], [])
        assert weather.missing() <= weather.owed()
        if weather.owed():
            weather.settle()
        else:
            weather.backfill()
            weather.assert_verified()
    assert struck > 0


@pytest.mark.parametrize("policy", [Account.Policy.BOTH])
@pytest.mark.parametrize("seed", [*SEEDS, *(pytest.param(seed, marks=pytest.mark.long) for seed in MORE_SEEDS)])
def test_faults_mixed_while_the_mailbox_changes_lose_nothing(weather: Weather, seed: int) -> None:
    dice = random.Random(seed)
    for name, prepare in PASSES.items():
        prepare(weather, dice)
        rules = [rule | {"times": 2} for chosen in dice.sample(list(ALONE), 4) for rule in ALONE[chosen]]
        weather.endure(rules, unrest(weather, dice, 10 if name == "incremental" else MOST_CALLS))
        weather.settle()


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("what", range(HAPPENINGS))
@pytest.mark.parametrize("name", PASSES)
def test_whatever_happens_before_any_single_call_loses_nothing(weather: Weather, name: str, what: int) -> None:
    dice = random.Random(what)
    if name != "full":
        weather.settle()
    for number in range(1, MOST_CALLS):
        PASSES[name](weather, dice)
        command, body = list(happenings(weather, dice).values())[what]
        if not weather.endure([], [weather.cue(command, number, **body)], full=name == "full"):
            break  # the pass has no so many calls
        weather.settle()


@pytest.mark.parametrize("number", [1, 4, 7, 12, 30])
def test_a_grant_that_is_revoked_in_mid_page_waits_for_a_person_and_then_goes_on(weather: Weather, number: int) -> None:
    account, gmail = weather.account, weather.gmail
    gmail.control("script", cues=[weather.cue("revoke", number)])
    done = weather.pursue()
    account.refresh_from_db()
    assert (done.state, done.error_code, account.state) == (
        State.FAILED,
        "reconnect_needed",
        Account.State.RECONNECT,
    )
    gmail.control("grant", email=gmail.email)
    weather.connect()
    fetched = set(gmail.gets())
    weather.settle()
    assert all(gmail.gets()[id_] <= 3 for id_ in fetched)


def test_a_message_that_gmail_will_not_give_is_owed_then_healed(weather: Weather) -> None:
    broken = weather.gmail.ids()[4:6]
    weather.endure([{"fault": "failedPrecondition", "match": {"ids": broken}}], [])
    assert weather.owed() == weather.missing() == set(broken)
    weather.account.refresh_from_db()
    assert weather.account.complete_as_of is None
    weather.settle()


def test_one_call_in_twenty_that_fails_without_a_reason_is_no_news(weather: Weather) -> None:
    weather.gmail.deliver(60)
    assert weather.endure([{"fault": "failedPrecondition", "probability": 0.05}], []) > 0
    weather.settle()


def test_messages_that_always_fail_at_the_end_of_the_list_are_no_outage(weather: Weather) -> None:
    broken = weather.gmail.ids()[-3:]
    weather.endure([{"fault": "500", "match": {"ids": broken}}], [])
    assert weather.owed() == weather.missing() == set(broken)
    new = weather.gmail.deliver(4)
    weather.endure([{"fault": "500", "match": {"ids": [*broken, *new]}}], [])
    assert weather.owed() == weather.missing() == {*broken, *new}
    weather.settle()


def test_an_outage_is_waited_out_and_costs_at_most_a_few_debts(weather: Weather) -> None:
    weather.gmail.deliver(60)
    weather.gmail.faults({"fault": "503", "match": {"method": "messages.get"}})
    assert weather.pursue().error_code == "gmail_unreachable"
    assert len(weather.owed()) <= 8 * PARTS < len(weather.missing())
    weather.gmail.faults()
    for _ in range(PARTS * 2):  # a page of debts with each pass
        weather.turn(DUE)
        weather.pursue()
    weather.settle()


def test_a_label_deleted_without_a_word_in_history_is_taken_off_all_mail(weather: Weather) -> None:
    gmail = weather.gmail
    weather.settle()
    label = gmail.control("create-label", email=gmail.email, name="Short-lived")["id"]
    gmail.label(gmail.ids()[:3], add=(label,))
    silently = {"id": label, "silent": True}
    weather.endure([], [weather.cue("delete-label", 1, "labels.list", **silently)])  # after its records were read
    weather.assert_verified()
    gmail.control("delete-label", email=gmail.email, id="Label_1", silent=True)
    weather.settle()


def test_records_that_name_no_labels_cost_another_look_at_the_message(weather: Weather) -> None:
    weather.settle()
    (id_, *_) = weather.gmail.ids()
    weather.gmail.label([id_], add=("Label_2",), remove=("UNREAD",))
    before = weather.gmail.gets()[id_]
    weather.endure([{"fault": "absent_labels", "match": {"method": "history.list"}}], [])
    assert weather.gmail.gets()[id_] == before + 1
    weather.assert_verified()
