"""What happens between two calls."""

import http.client
from typing import Any
from urllib.parse import urlsplit

import pytest

from gmail.simulator.script import Cue, Script
from tests.gmail.simulator.visitor import Visitor


def cue(visitor: Visitor, command: str, method: str, number: int = 1, **body: Any) -> dict[str, Any]:
    before = {"method": method, "number": number, "email": visitor.email}
    return {"before": before, "command": command, "body": {"email": visitor.email, **body}}


def test_mail_arrives_just_before_the_second_page(own: Visitor) -> None:
    own.control("script", cues=[cue(own, "deliver", "messages.list", 2, count=1)])

    first = own.get("messages?maxResults=30").json()
    assert own.get("profile").json()["messagesTotal"] == 60
    own.get(f"messages?maxResults=30&pageToken={first['nextPageToken']}")

    assert own.get("profile").json()["messagesTotal"] == 61
    assert [each["outcome"] for each in own.send("GET", "/control/stats").json()["script"]] == ["done"]


def test_a_grant_that_ends_just_before_a_call_is_missed_by_it(own: Visitor) -> None:
    own.control("script", cues=[cue(own, "expire-tokens", "getProfile")])

    assert own.get("profile").status == 401


def test_a_cue_that_no_longer_makes_sense_is_passed_over_and_said() -> None:
    def perform(command: str, body: dict[str, Any]) -> None:
        raise ValueError("no such messages")

    script = Script(perform)
    script.replace([Cue.read({"command": "delete", "body": {}})])

    assert script.before("messages.get", "a@example.com")
    assert script.cues[0].outcome == "no such messages"


def test_calls_of_other_methods_and_mailboxes_are_not_counted() -> None:
    heard = Cue("deliver", {}, "messages.get", 2, "a@example.com")

    calls = [("messages.list", "a"), ("messages.get", "b"), ("messages.get", "a"), ("messages.get", "a")]
    assert [heard.falls(method, f"{name}@example.com") for method, name in calls] == [False, False, False, True]


@pytest.mark.parametrize("wrong", [{"command": "script"}, {"command": "deliver", "when": "now"}, {"body": {}}])
def test_a_script_that_makes_no_sense_is_refused(own: Visitor, wrong: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        own.control("script", cues=[wrong])


def test_labels_are_renamed_and_deleted(own: Visitor) -> None:
    start = own.get("profile").json()["historyId"]
    (marked, *_) = own.ids()
    own.control("labels", email=own.email, ids=[marked], add=["Label_9", "Label_10"])
    own.control("rename-label", email=own.email, id="Label_9", name="Renamed")
    own.control("delete-label", email=own.email, id="Label_10")

    names = {label["id"]: label["name"] for label in own.get("labels").json()["labels"]}
    assert names["Label_9"] == "Renamed" and "Label_10" not in names
    assert "Label_10" not in own.get(f"messages/{marked}?format=minimal").json()["labelIds"]
    records = own.get(f"history?startHistoryId={start}").json()["history"]
    assert [change["labelIds"] for record in records for change in record.get("labelsRemoved", ())][-1] == ["Label_10"]
    assert own.control("create-label", email=own.email, name="New")["id"] == "Label_11"


def test_a_label_may_be_deleted_without_a_word_in_history(own: Visitor) -> None:
    start = own.get("profile").json()["historyId"]
    own.control("delete-label", email=own.email, id="Label_1", silent=True)

    assert "history" not in own.get(f"history?startHistoryId={start}").json()
    assert not any("Label_1" in own.get(f"messages/{id_}?format=minimal").json()["labelIds"] for id_ in own.ids()[:20])


def test_a_kept_connection_is_closed_without_a_word(own: Visitor) -> None:
    own.control("faults", rules=[{"fault": "close", "times": 1}])
    line = http.client.HTTPConnection(urlsplit(own.base).netloc, timeout=10)
    headers = {"Authorization": f"Bearer {own.token()}"}

    line.request("GET", "/gmail/v1/users/me/profile", headers=headers)
    answer = line.getresponse()
    assert answer.status == 200 and answer.read() and not answer.will_close
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        line.request("GET", "/gmail/v1/users/me/profile", headers=headers)
        line.getresponse()
    line.close()
