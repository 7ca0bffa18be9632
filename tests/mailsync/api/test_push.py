"""Notifications as the simulator signs them, handed on to our door."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
import requests
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from google.auth import jwt

from gmail import pubsub
from mailsync import push_counts, schedule
from mailsync.connect import connect
from mailsync.models import Account
from syncjobs.models import SyncJob
from syncjobs.states import Trigger
from tests.flows.product import Gmail, eventually
from tests.gmail.wire import Asked, Reply, serving

ANNA = "anna@example.com"
AUDIENCE = "https://mail.example.com/push/gmail/"
SENDER = "push@simulator.iam.gserviceaccount.com"


@pytest.fixture(scope="module")
def google() -> Iterator[Gmail]:
    gmail = Gmail("--messages", "1", "--accounts", f"{ANNA},bert@example.com")
    yield gmail
    gmail.stop()


@pytest.fixture(scope="module")
def pushed(google: Gmail) -> Asked:
    """What the simulator sends when anna's mailbox begins to be watched."""
    with serving(lambda asked: Reply(204, b"")) as wire:
        google.control("push", endpoint=wire.url + "/push/gmail/", audience=AUDIENCE, account=SENDER)
        form = {"client_id": "simulator", "client_secret": "simulator", "grant_type": "refresh_token"}
        answer = requests.post(f"{google.address}/token", form | {"refresh_token": f"sim-refresh-{ANNA}"}, timeout=60)
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        body = {"topicName": "projects/simulator/topics/gmail"}
        watch = f"{google.address}/gmail/v1/users/me/watch"
        assert requests.post(watch, json=body, headers=headers, timeout=60).ok
        return eventually(lambda: wire.asked and wire.asked[0], within=60, every=0.02)


@pytest.fixture(autouse=True)
def expecting_pushes(settings: Any, google: Gmail) -> None:
    settings.GOOGLE_BASE_URL = google.address
    settings.GOOGLE_PUBSUB_AUDIENCE, settings.GOOGLE_PUBSUB_SERVICE_ACCOUNT = AUDIENCE, SENDER


@pytest.fixture
def anna(db: None) -> Account:
    return connect(User.objects.create_user("anna"), ANNA, "{}")


Push = Callable[..., HttpResponse]


@pytest.fixture
def push(pushed: Asked) -> Push:
    """push(body=..., authorization=...) sends the simulator's notification, changed so, to our door."""

    def send(body: bytes | None = None, authorization: str | None = None) -> HttpResponse:
        bearer = pushed.headers["authorization"] if authorization is None else authorization
        headers = {"Authorization": bearer} if bearer else {}
        client = Client(enforce_csrf_checks=True)
        content = pushed.body if body is None else body
        return client.post("/push/gmail/", content, content_type="application/json", headers=headers)

    return send


def naming(email: object) -> bytes:
    data = base64.b64encode(json.dumps({"emailAddress": email, "historyId": 7}).encode()).decode()
    return json.dumps({"message": {"data": data, "messageId": "1"}, "subscription": "s"}).encode()


def test_a_notification_starts_a_sync_of_the_mailbox(push: Push, anna: Account) -> None:
    answer = push()
    assert (answer.status_code, answer.content) == (204, b"")
    job = SyncJob.objects.get()
    assert (job.resource, job.trigger) == (anna.resource, Trigger.PUSH)


def test_a_doubled_notification_starts_nothing_more(push: Push, anna: Account) -> None:
    assert [push().status_code, push().status_code] == [204, 204]
    assert SyncJob.objects.count() == 1


def test_a_notification_reaches_every_mirror_of_the_mailbox(push: Push, anna: Account) -> None:
    second = connect(User.objects.create_user("bert"), ANNA, "{}")
    connect(User.objects.create_user("carl"), "carl@example.com", "{}")
    push()
    assert set(SyncJob.objects.values_list("resource", flat=True)) == {anna.resource, second.resource}


def test_the_spelling_of_the_address_does_not_matter(push: Push, anna: Account) -> None:
    assert push(naming("Anna@Example.com")).status_code == 204
    assert SyncJob.objects.count() == 1


def test_a_paused_mailbox_stays_at_rest(push: Push, anna: Account) -> None:
    schedule.pause(anna, by="anna")
    assert push().status_code == 204
    assert not SyncJob.objects.exists()


def test_a_mailbox_that_lost_its_grant_is_left_alone(push: Push, anna: Account) -> None:
    Account.objects.update(state=Account.State.RECONNECT)
    assert push().status_code == 204
    assert not SyncJob.objects.exists()


def test_a_mailbox_that_nobody_mirrors_is_acknowledged(push: Push, anna: Account) -> None:
    assert push(naming("nobody@example.com")).status_code == 204
    assert not SyncJob.objects.exists()


def unsigned(**claims: Any) -> str:
    """A token whose signature is made up."""
    head = {"alg": "RS256", "kid": "simulator-key-1", "typ": "JWT"}
    now = int(time.time())
    said = {"iss": "https://accounts.google.com", "aud": AUDIENCE, "email": SENDER, "email_verified": True}
    said |= {"iat": now, "exp": now + 3600} | claims
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (head, said)]
    return "Bearer " + ".".join([*parts, "c2lnbmF0dXJl"])


@pytest.fixture
def counted(settings: Any) -> Iterator[Callable[[], dict[str, int]]]:
    """What the operator sees."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.delete(push_counts.KEY)
    yield push_counts.read
    client.delete(push_counts.KEY)
    client.close()


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer x.y.z", "Basic YTpi", "Token abc", unsigned()])
def test_a_forged_push_is_refused_and_costs_no_query(
    push: Push, anna: Account, counted: Any, authorization: str, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        answer = push(authorization=authorization)
    assert answer.status_code == 403
    assert answer.json()["code"] == "forged"
    assert push_counts.forged(counted()) == 1


def test_each_way_to_forge_a_push_is_refused_and_counted_by_its_name(
    push: Push, anna: Account, counted: Any, google: Gmail, django_assert_num_queries: Any
) -> None:
    past = int(time.time()) - 7200
    forgeries = {
        "token": "Bearer x.y.z",
        "audience": unsigned(aud="https://elsewhere.example.com/push/gmail/"),
        "issuer": unsigned(iss="https://evil.example.com"),
        "time": unsigned(iat=past, exp=past + 3600),
        "service_account": unsigned(email="other@simulator.iam.gserviceaccount.com"),
        "signature": unsigned(),
    }
    push()
    asked = google.stats()["http"]
    with django_assert_num_queries(0):
        assert [
            push(authorization=each).status_code for each in [*forgeries.values(), unsigned(email_verified=False)]
        ] == [403] * 7
    assert counted() == {"accepted": 1, **{f"forged:{why}": 1 for why in forgeries}, "forged:service_account": 2}
    assert google.stats()["http"] == asked, "nobody asked Google anything"


def test_a_push_that_somebody_else_of_google_signed_is_refused(push: Push, anna: Account, settings: Any) -> None:
    settings.GOOGLE_PUBSUB_SERVICE_ACCOUNT = "other@simulator.iam.gserviceaccount.com"
    assert push().status_code == 403
    settings.GOOGLE_PUBSUB_SERVICE_ACCOUNT = SENDER
    settings.GOOGLE_PUBSUB_AUDIENCE = "https://elsewhere.example.com/push/gmail/"
    assert push().status_code == 403
    assert not SyncJob.objects.exists()


def test_the_token_that_is_accepted_is_the_one_that_the_simulator_signed(pushed: Asked) -> None:
    claims = jwt.decode(pushed.headers["authorization"].removeprefix("Bearer "), verify=False)
    assert (claims["aud"], claims["email"]) == (AUDIENCE, SENDER)
    assert pubsub.decode(pushed.body)[0] == ANNA


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"message": {"data": "!"}}', naming(None), naming(["a"])])
def test_a_malformed_notification_is_refused(push: Push, anna: Account, body: bytes) -> None:
    answer = push(body)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert not SyncJob.objects.exists()


def test_an_endless_notification_is_refused(push: Push, anna: Account) -> None:
    assert push(naming(ANNA) + b" " * 65_536).status_code == 413
    assert not SyncJob.objects.exists()


def test_without_a_known_sender_there_is_no_such_door(push: Push, anna: Account, settings: Any) -> None:
    settings.GOOGLE_PUBSUB_SERVICE_ACCOUNT = ""
    assert push().status_code == 404
    assert not SyncJob.objects.exists()


def test_while_googles_keys_are_out_of_reach_the_push_shall_come_again(
    push: Push, anna: Account, settings: Any
) -> None:
    settings.GOOGLE_BASE_URL = "http://127.0.0.1:9"
    assert push().status_code == 503
    assert not SyncJob.objects.exists()


def test_only_posts_are_pushes(db: None, client: Client) -> None:
    assert client.get("/push/gmail/").status_code == 405
