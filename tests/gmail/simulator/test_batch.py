"""Many calls in one request, by Google's own client and by hand."""

import json
import re
from collections.abc import Callable
from typing import Any

from google.oauth2.credentials import Credentials
from googleapiclient import discovery_cache
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import BatchError, HttpError

from gmail.simulator import batch
from tests.gmail.simulator.visitor import Answer, Visitor


def google_client(visitor: Visitor) -> Any:
    document = json.loads(discovery_cache.get_static_doc("gmail", "v1"))
    document["rootUrl"] = visitor.base + "/"
    return build_from_document(document, credentials=Credentials(visitor.token()))


def fetch(visitor: Visitor, ids: list[str]) -> tuple[dict[str, Any], dict[str, HttpError]]:
    """(messages, errors) by id from one batch of the stock client."""
    service, found, errors = google_client(visitor), {}, {}

    def take(id: str, message: Any, error: HttpError | None) -> None:
        if error is None:
            found[id] = message
        else:
            errors[id] = error

    request = service.new_batch_http_request(callback=take)
    for id in ids:
        request.add(service.users().messages().get(userId="me", id=id, format="minimal"), request_id=id)
    try:
        request.execute()
    finally:
        service.close()
    return found, errors


def raw_batch(visitor: Visitor, count: int, newline: str = "\r\n", path: str = "/batch") -> Answer:
    lines = []
    for number in range(count):
        lines += ["--b", "Content-Type: application/http", f"Content-ID: <x + {number}>", ""]
        lines += ["GET /gmail/v1/users/me/profile HTTP/1.1", "accept: application/json", "", ""]
    body = newline.join([*lines, "--b--", ""]).encode()
    headers = {"Content_Type": 'multipart/mixed; boundary="b"', "Authorization": f"Bearer {visitor.token()}"}
    return visitor.send("POST", path, body, **headers)


def test_the_stock_client_gets_its_parts(shared: Visitor) -> None:
    ids = shared.ids()[:25]

    found, errors = fetch(shared, ids)

    assert {id: message["id"] for id, message in found.items()} == {id: id for id in ids}
    assert errors == {}


def test_parts_fail_one_by_one(shared: Visitor) -> None:
    ids = [*shared.ids()[:3], "0000000000000001"]

    found, errors = fetch(shared, ids)

    assert len(found) == 3
    assert {id: error.status_code for id, error in errors.items()} == {"0000000000000001": 404}


def test_line_ends_may_be_bare_or_not_and_the_path_long_or_short(shared: Visitor) -> None:
    for newline in ("\n", "\r\n"):
        for path in ("/batch", "/batch/gmail/v1"):
            answer = raw_batch(shared, 2, newline, path)
            assert answer.status == 200
            assert answer.body.count(b"HTTP/1.1 200 OK\r\n") == 2
            assert re.findall(rb"Content-ID: (.*)\r\n", answer.body) == [b"<response-x + 0>", b"<response-x + 1>"]
            assert b"\n" not in answer.body.split(b"{")[0].replace(b"\r\n", b"")


def test_more_than_a_hundred_parts_are_refused_whole(shared: Visitor) -> None:
    answer = raw_batch(shared, 101)

    assert answer.status == 400
    assert answer.json()["error"]["message"] == "Inner request count exceeds the limit. Received: 101, Limit: 100"


def test_a_hundred_parts_exceed_the_concurrency_cap_in_part(shared: Visitor) -> None:
    answer = raw_batch(shared, 100)

    assert answer.status == 200
    assert answer.body.count(b"HTTP/1.1 200 OK") == 50
    assert answer.body.count(b"HTTP/1.1 429 Too Many Requests") == 50
    assert answer.body.count(b"Too many concurrent requests for user.") == 100
    assert b"Retry-After" not in answer.body
    assert raw_batch(shared, 25).body.count(b"HTTP/1.1 200 OK") == 25


def test_a_part_may_be_missing(own: Visitor) -> None:
    ids = own.ids()[:5]
    own.control("faults", rules=[{"match": {"ids": [ids[2]]}, "fault": "missing_part", "times": 1}])

    def outcome(call: Callable[[], object]) -> str:
        try:
            call()
        except (KeyError, BatchError) as error:
            return type(error).__name__
        return "fine"

    assert outcome(lambda: fetch(own, ids)) == "KeyError"
    assert outcome(lambda: fetch(own, ids)) == "fine"


def whole_thread(visitor: Visitor) -> tuple[str, list[str]]:
    """The id of a thread of several messages, and theirs."""
    found: dict[str, list[str]] = {}
    listed = visitor.get("messages?includeSpamTrash=true&maxResults=500").json()["messages"]
    for message in listed:
        found.setdefault(message["threadId"], []).append(message["id"])
    return next((thread, ids) for thread, ids in found.items() if len(ids) > 2)


def fetch_threads(visitor: Visitor, ids: list[str]) -> tuple[dict[str, Any], dict[str, int]]:
    """(threads, statuses of the others) by id from one batch of the stock client."""
    service, found, errors = google_client(visitor), {}, {}

    def take(id: str, thread: Any, error: HttpError | None) -> None:
        if error is None:
            found[id] = thread
        else:
            errors[id] = error.status_code

    request = service.new_batch_http_request(callback=take)
    for id in ids:
        request.add(service.users().threads().get(userId="me", id=id), request_id=id)
    try:
        request.execute()
    finally:
        service.close()
    return found, errors


def test_threads_come_in_a_batch_and_cost_their_own_price(own: Visitor) -> None:
    thread, ids = whole_thread(own)
    own.control("labels", email=own.email, ids=[ids[0]], add=["TRASH"], remove=["INBOX"])
    own.control("reset-stats")

    found, errors = fetch_threads(own, [thread, "1111111111111111"])

    assert errors == {"1111111111111111": 404}
    assert sorted(message["id"] for message in found[thread]["messages"]) == sorted(ids)
    trashed = next(message for message in found[thread]["messages"] if message["id"] == ids[0])
    assert "TRASH" in trashed["labelIds"]
    stats = own.send("GET", "/control/stats").json()
    assert stats["units"] == {own.email: 2 * 40}
    assert stats["requests"] == {"threads.get": 2}


def test_a_fault_strikes_the_thread_that_it_names(own: Visitor) -> None:
    thread, _ = whole_thread(own)
    own.control("faults", rules=[{"match": {"method": "threads.get", "ids": [thread]}, "fault": "503", "times": 1}])

    assert fetch_threads(own, [thread]) == ({}, {thread: 503})
    assert fetch_threads(own, [thread])[1] == {}


def test_a_part_inherits_the_outer_token_unless_it_has_its_own() -> None:
    body = (
        b"--b\nContent-ID: <1>\n\nGET /a HTTP/1.1\n\n\n"
        b"--b\nContent-ID: <2>\n\nPOST /b?x=1 HTTP/1.1\nAuthorization: Bearer two\n"
        b"Content-Type: application/json\n\n{}\n--b--"
    )

    first, second = batch.parse(body, "b", {"authorization": "Bearer one", "content-type": "multipart/mixed"})

    assert (first.content_id, first.call.verb, first.call.path, first.call.token) == ("<1>", "GET", "/a", "one")
    assert (second.call.verb, second.call.path, second.call.token, second.call.body) == ("POST", "/b", "two", b"{}")
    assert second.call.query == {"x": ["1"]}
