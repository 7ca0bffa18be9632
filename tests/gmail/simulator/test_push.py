"""Notifications of watched mailboxes, as a Pub/Sub endpoint receives them."""

import json
import threading
import time
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from google.auth.transport.requests import Request
from google.oauth2 import id_token

from tests.gmail.simulator.visitor import Visitor

TOPIC = "projects/simulator/topics/gmail"


@dataclass
class Mailman:
    """What has arrived at the endpoint; `refusals` is how many more get an error."""

    url: str = ""
    refusals: int = 0
    bodies: list[Any] = field(default_factory=list)
    bearers: list[str] = field(default_factory=list)

    def wait(self, count: int) -> list[Any]:
        """What the notifications say when there are `count` of them."""
        end = time.monotonic() + 8
        while len(self.bodies) < count and time.monotonic() < end:
            time.sleep(0.02)
        return [json.loads(b64decode(body["message"]["data"])) for body in self.bodies]


@pytest.fixture
def mailman() -> Iterator[Mailman]:
    found = Mailman()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if found.refusals:
                found.refusals -= 1
                self.send_response(503)
            else:
                found.bodies.append(body)
                found.bearers.append(self.headers["Authorization"].removeprefix("Bearer "))
                self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Silence."""

    server = HTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/push/gmail/"
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def watch(visitor: Visitor, **more: object) -> Any:
    answer = visitor.post("watch", {"topicName": TOPIC, **more})
    assert answer.status == 200
    return answer.json()


def test_a_watch_notifies_at_once_with_a_signed_token(own: Visitor, mailman: Mailman) -> None:
    own.control("push", endpoint=mailman.url, account="push@project.example")
    answer = watch(own)

    (told,) = mailman.wait(1)

    assert told == {"emailAddress": own.email, "historyId": answer["historyId"]}
    assert int(answer["expiration"]) / 1000 - time.time() == pytest.approx(7 * 86_400, abs=60)
    claims = id_token.verify_token(  # type: ignore[no-untyped-call]
        mailman.bearers[0], Request(), audience=mailman.url, certs_url=f"{own.base}/oauth2/v1/certs"
    )
    assert claims["iss"] == "https://accounts.google.com"
    assert (claims["email"], claims["email_verified"]) == ("push@project.example", True)
    message = mailman.bodies[0]["message"]
    assert message["messageId"] == message["message_id"]
    assert message["publishTime"].endswith("Z")


def test_more_than_one_a_second_is_dropped(own: Visitor, mailman: Mailman) -> None:
    own.control("push", endpoint=mailman.url)
    watch(own)
    for _ in range(5):
        own.control("deliver", email=own.email, count=1)
    time.sleep(1.1)
    current = own.control("deliver", email=own.email, count=1)["historyId"]

    told = mailman.wait(2)

    assert [one["historyId"] for one in told][-1] == current
    assert len(told) == 2
    assert own.send("GET", "/control/stats").json()["pushes"]["dropped"] == 5


def test_what_is_not_acknowledged_comes_again(own: Visitor, mailman: Mailman) -> None:
    mailman.refusals = 2
    own.control("push", endpoint=mailman.url, backoff=0.05)
    watch(own)

    assert len(mailman.wait(1)) == 1
    assert own.send("GET", "/control/stats").json()["pushes"] == {"refused": 2, "acknowledged": 1}


def test_duplicates_and_numbers_can_be_asked_for(own: Visitor, mailman: Mailman) -> None:
    own.control("push", endpoint=mailman.url, duplicates=1.0, numbers=True)
    watch(own)

    first, second = mailman.wait(2)

    assert first == second
    assert isinstance(first["historyId"], int)
    assert mailman.bodies[0]["message"]["messageId"] == mailman.bodies[1]["message"]["messageId"]


def test_only_watched_labels_and_only_until_stopped(own: Visitor, mailman: Mailman) -> None:
    own.control("push", endpoint=mailman.url)
    watch(own, labelIds=["Label_9"], labelFilterBehavior="include")
    mailman.wait(1)
    time.sleep(1.05)
    own.control("deliver", email=own.email, count=1)
    own.control("deliver", email=own.other, count=1)
    own.control("deliver", email=own.email, messages=[{"labelIds": ["INBOX", "Label_9"]}])
    assert len(mailman.wait(2)) == 2

    assert own.post("stop", {}).status == 204
    time.sleep(1.05)
    own.control("deliver", email=own.email, messages=[{"labelIds": ["Label_9"]}])
    time.sleep(0.2)
    assert len(mailman.bodies) == 2


def test_a_topic_has_to_look_like_one(own: Visitor) -> None:
    assert own.post("watch", {"topicName": "gmail"}).status == 400


def test_gmail_must_know_the_topic_and_be_let_in(own: Visitor) -> None:
    own.control("topics", topics={TOPIC: True, "projects/simulator/topics/closed": False})
    watch(own)
    watches = json.loads(own.send("GET", "/control/stats").body)["watches"]
    assert watches[own.email]["topic"] == TOPIC
    asked = {
        "projects/simulator/topics/lost": (404, "Resource not found (resource=lost)."),
        "projects/simulator/topics/closed": (403, "User not authorized to perform this action."),
        "projects/elsewhere/topics/gmail": (400, "Invalid topicName does not match projects/simulator/topics/*"),
    }
    for topic, (status, said) in asked.items():
        answer = own.post("watch", {"topicName": topic})
        assert answer.status == status and said in answer.json()["error"]["message"]
    assert own.post("stop", {}).status == 204
    assert own.email not in json.loads(own.send("GET", "/control/stats").body)["watches"]
