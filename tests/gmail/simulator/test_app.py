"""The server on its socket: manners, faults, control, the end."""

import hashlib
import http.client
import json
import re
import signal
import socket
import time
import urllib.error
import urllib.request
import zlib
from base64 import urlsafe_b64decode
from collections.abc import Callable
from typing import Any

import pytest

from tests.gmail.simulator.visitor import Visitor

Start = Callable[..., Visitor]


def raw_exchange(visitor: Visitor, path: str, timeout: float = 5.0) -> bytes:
    """Whatever comes over the socket until it ends."""
    host, port = visitor.base.removeprefix("http://").split(":")
    request = (
        f"GET /gmail/v1/users/me/{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {visitor.token()}\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=timeout) as connection:
        connection.sendall(request.encode())
        received = b""
        while chunk := connection.recv(65_536):
            received += chunk
        return received


def test_every_message_can_be_listed_and_fetched_exactly(shared: Visitor) -> None:
    truth = {message["id"]: message for message in shared.truth()["messages"]}
    ids = shared.ids("includeSpamTrash=true&maxResults=70")

    assert ids == list(truth)
    assert len(ids) == 300
    for id in ids[::10]:
        message = shared.get(f"messages/{id}?format=raw").json()
        assert hashlib.sha256(urlsafe_b64decode(message["raw"])).hexdigest() == truth[id]["sha256"]
        assert message["labelIds"] == truth[id]["labelIds"]


def test_answers_look_like_googles(shared: Visitor) -> None:
    answer = shared.get("messages/0000000000000001")

    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert answer.body.startswith(b'{\n  "error": {\n    "code": 404')
    assert answer.json()["error"]["status"] == "NOT_FOUND"


def test_no_token_and_a_bad_token_are_unauthenticated(shared: Visitor) -> None:
    assert shared.send("GET", "/gmail/v1/users/me/profile").status == 401
    assert shared.send("GET", "/gmail/v1/users/me/profile", Authorization="Bearer ya29.bad").status == 401


def test_a_long_get_may_come_as_an_overriding_post(shared: Visitor) -> None:
    answer = shared.send(
        "POST",
        "/gmail/v1/users/me/messages",
        b"maxResults=3",
        X_HTTP_Method_Override="GET",
        Authorization=f"Bearer {shared.token()}",
        Content_Type="application/x-www-form-urlencoded",
    )

    assert len(answer.json()["messages"]) == 3


def test_mail_can_be_changed_while_it_runs(own: Visitor) -> None:
    start = own.get("profile").json()["historyId"]
    first, second, third, *_ = own.ids()

    (new,) = own.control("deliver", email=own.email, messages=[{"subject": "Neu", "text": "x"}])["ids"]
    own.control("labels", email=own.email, ids=[first], add=["STARRED", "Label_3"], remove=["INBOX"])
    own.control("trash", email=own.email, ids=[second])
    own.control("delete", email=own.email, ids=[third])
    own.control("deliver", email=own.email, count=2)

    history = own.get(f"history?startHistoryId={start}").json()["history"]
    assert [sorted(record.keys() - {"id", "messages", "labelsRemoved"})[0] for record in history] == [
        "messagesAdded",
        "labelsAdded",
        "labelsAdded",
        "messagesDeleted",
        "messagesAdded",
        "messagesAdded",
    ]
    assert own.get(f"messages/{new}?format=metadata").json()["threadId"] == new
    assert "TRASH" in own.get(f"messages/{second}?format=minimal").json()["labelIds"]
    assert own.get(f"messages/{third}").status == 404
    assert len(own.ids()) == 60 + 3 - 1
    assert own.get("profile", own.other).json()["messagesTotal"] == 60


@pytest.mark.parametrize(
    ("command", "body"),
    [
        ("deliver", {"email": "stranger@example.com", "count": 1}),
        ("labels", {"email": "a@example.com", "ids": ["1"]}),
        ("faults", {"rules": [{"fault": "nonsense"}]}),
        ("latency", {"latency": "soon"}),
        ("nonsense", {}),
    ],
)
def test_a_wrong_command_says_what_is_wrong(shared: Visitor, command: str, body: Any) -> None:
    answer = shared.send("POST", f"/control/{command}", json.dumps(body).encode())

    assert answer.status == 400
    assert answer.json()["error"]


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        ("429", 429, "rateLimitExceeded"),
        ("403", 403, "rateLimitExceeded"),
        ("retry_after", 429, "userRateLimitExceeded"),
        ("retry_after_403", 403, "userRateLimitExceeded"),
        ("project_limit", 403, "rateLimitExceeded"),
        ("quotaExceeded", 403, "quotaExceeded"),
        ("failedPrecondition", 400, "failedPrecondition"),
        ("500", 500, "backendError"),
        ("503", 503, "backendError"),
        ("401", 401, "authError"),
    ],
)
def test_a_scripted_refusal_comes_once(own: Visitor, fault: str, status: int, reason: str) -> None:
    own.control("faults", rules=[{"match": {"method": "getProfile"}, "fault": fault, "times": 1}])

    answer = own.get("profile")

    assert (answer.status, answer.json()["error"]["errors"][0]["reason"]) == (status, reason)
    assert "Retry-After" not in answer.headers
    if fault.startswith("retry_after"):
        assert re.search(r"  Retry after \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", answer.json()["error"]["message"])
    assert own.get("profile").status == 200


def test_a_reset_connection_ends_without_an_answer(own: Visitor) -> None:
    own.control("faults", rules=[{"fault": "reset", "times": 1}])

    with pytest.raises((urllib.error.URLError, ConnectionError, http.client.RemoteDisconnected)):
        own.get("profile")
    assert own.get("profile").status == 200


def test_a_truncated_answer_is_shorter_than_it_says(own: Visitor) -> None:
    own.control("faults", rules=[{"fault": "truncate", "times": 1}])

    head, _, body = raw_exchange(own, "labels").partition(b"\r\n\r\n")

    match = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    assert match is not None
    assert 0 < len(body) < int(match[1])


def test_a_hanging_call_says_nothing(own: Visitor) -> None:
    own.control("faults", rules=[{"fault": "hang", "times": 1}])

    with pytest.raises(TimeoutError):
        raw_exchange(own, "profile", timeout=0.5)
    assert own.get("profile").status == 200


def test_a_slow_answer_comes_whole(own: Visitor) -> None:
    own.control("faults", rules=[{"fault": "slow", "times": 1, "seconds": 0.5}])
    began = time.monotonic()

    assert own.get("labels").json()["labels"]
    assert time.monotonic() - began >= 0.5


def test_history_and_pages_can_be_spoiled(own: Visitor) -> None:
    start = own.get("profile").json()["historyId"]
    own.control("deliver", email=own.email, count=3)
    own.control(
        "faults",
        rules=[
            {"fault": "empty_page", "match": {"method": "history.list"}, "times": 1},
            {"fault": "duplicate_records", "match": {"method": "history.list"}, "times": 1},
            {"fault": "history404", "times": 1},
            {"fault": "empty_page", "match": {"method": "messages.list"}, "times": 1},
            {"fault": "expired_page_token", "times": 1},
        ],
    )

    empty = own.get(f"history?startHistoryId={start}").json()
    assert "history" not in empty
    twice = own.get(f"history?startHistoryId={start}&pageToken={empty['nextPageToken']}").json()
    assert len(twice["history"]) == 6
    assert own.get(f"history?startHistoryId={start}").status == 404
    assert len(own.get(f"history?startHistoryId={start}").json()["history"]) == 3
    page = own.get("messages").json()
    assert "messages" not in page
    assert own.get(f"messages?pageToken={page['nextPageToken']}").status == 400
    assert len(own.get(f"messages?pageToken={page['nextPageToken']}&includeSpamTrash=true").json()["messages"]) == 63


def test_labels_can_be_left_out(own: Visitor) -> None:
    (id, *_) = own.ids()
    own.control("faults", rules=[{"fault": "absent_labels", "times": 1}])

    assert "labelIds" not in own.get(f"messages/{id}?format=minimal").json()
    assert "labelIds" in own.get(f"messages/{id}?format=minimal").json()


def test_units_run_out_and_are_counted(own: Visitor) -> None:
    own.control("quota", user=101)
    (id, *_) = own.ids("maxResults=1&labelIds=INBOX&q=larger:100M") or own.truth(hashes=0)["messages"][:1]
    id = id["id"] if isinstance(id, dict) else id
    answers = [own.get(f"messages/{id}?format=minimal") for _ in range(6)]

    assert [answer.status for answer in answers] == [200] * 4 + [403] * 2
    assert "Quota exceeded for quota metric 'Queries'" in answers[-1].json()["error"]["message"]
    stats = own.send("GET", "/control/stats").json()
    assert stats["units"] == {own.email: 5 + 80}
    assert stats["gets"] == {own.email: {id: 4}}
    own.control("quota", user=0)
    assert own.get(f"messages/{id}?format=minimal").status == 200


def test_answers_take_as_long_as_asked(own: Visitor) -> None:
    own.control("latency", latency=0.3)
    began = time.monotonic()
    own.get("profile")

    assert time.monotonic() - began >= 0.3 * 0.8


def test_gzip_is_for_those_who_ask_twice(start: Start) -> None:
    visitor = start("--messages", "20", "--accounts", "a@example.com", "--gzip")
    bearer = f"Bearer {visitor.token()}"

    def labels(agent: str) -> Any:
        return visitor.send(
            "GET", "/gmail/v1/users/me/labels", Authorization=bearer, Accept_Encoding="gzip, deflate", User_Agent=agent
        )

    packed, plain = labels("client (gzip)"), labels("client")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert zlib.decompress(packed.body, 31) == plain.body
    assert "Content-Encoding" not in plain.headers


def test_idle_connections_are_closed_when_told_so(start: Start) -> None:
    visitor = start("--messages", "5", "--accounts", "a@example.com", "--keepalive", "0.2")

    assert raw_exchange(visitor, "profile").startswith(b"HTTP/1.1 200")


def test_accounts_may_be_a_number_and_start_without_being_made(start: Start) -> None:
    visitor = start("--messages", "50", "--accounts", "500")

    assert visitor.get("profile", "user500@example.com").json()["messagesTotal"] == 50


def test_sigterm_ends_it_at_once_even_with_calls_under_way(start: Start) -> None:
    visitor = start("--messages", "5", "--accounts", "a@example.com")
    visitor.control("faults", rules=[{"fault": "hang"}])
    with pytest.raises(TimeoutError):
        raw_exchange(visitor, "profile", timeout=0.2)

    visitor.process.send_signal(signal.SIGTERM)

    assert visitor.process.wait(timeout=60) == 0
