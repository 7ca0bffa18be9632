import base64
import json
import queue
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import crypt, jwt

from gmail import oauth, pubsub
from gmail.client import GmailClient
from gmail.errors import Refused, Transient
from tests.gmail.conftest import Simulator
from tests.gmail.wire import Asked, Reply, serving

AUDIENCE = "https://mail.example.com/push/gmail/"
SENDER = "push@project.iam.gserviceaccount.com"


class Issuer:
    """One who signs tokens, with a certificate to check them."""

    def __init__(self, key_id: str) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "issuer")])
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        builder = builder.serial_number(1).not_valid_before(datetime(2020, 1, 1))
        certificate = builder.not_valid_after(datetime(2120, 1, 1)).sign(key, hashes.SHA256())
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        self.signer = crypt.RSASigner.from_string(pem, key_id)
        self.certificates = {key_id: certificate.public_bytes(serialization.Encoding.PEM).decode()}

    def token(self, **changes: Any) -> str:
        now = int(time.time())
        claims = {"aud": AUDIENCE, "email": SENDER, "email_verified": True, "iss": "https://accounts.google.com"}
        claims |= {"iat": now, "exp": now + 3600} | changes
        return jwt.encode(self.signer, {key: value for key, value in claims.items() if value is not None}).decode()


@pytest.fixture(scope="module")
def google() -> Issuer:
    return Issuer("one")


@pytest.fixture(scope="module")
def stranger() -> Issuer:
    return Issuer("one")


def stranger_named(stranger: Issuer, key_id: str) -> str:
    claims = jwt.decode(stranger.token(), verify=False)
    return jwt.encode(stranger.signer, claims, key_id=key_id).decode()


class Certs:
    def __init__(self, url: str, asked: list[Asked]) -> None:
        self.url = url
        self.asked = asked

    def verify(self, token: str, service_account: str = SENDER) -> None:
        pubsub.verify(token, audience=AUDIENCE, service_account=service_account, base_url=self.url)


@pytest.fixture
def certs(google: Issuer) -> Iterator[Certs]:
    with serving(lambda asked: Reply(body=json.dumps(google.certificates).encode())) as wire:
        yield Certs(wire.url, wire.asked)


def test_googles_token_is_accepted_with_certificates_fetched_once(certs: Certs, google: Issuer) -> None:
    for _ in range(3):
        certs.verify(google.token())
    assert [asked.path for asked in certs.asked] == ["/oauth2/v1/certs"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"aud": "https://evil.example.com/"}, "audience"),
        ({"aud": [AUDIENCE]}, "audience"),
        ({"exp": 1}, "time"),
        ({"exp": None}, "time"),
        ({"iat": int(time.time()) + 3600}, "time"),
        ({"iat": "yesterday"}, "time"),
        ({"iss": "https://evil.example.com"}, "issuer"),
        ({"email": "evil@project.iam.gserviceaccount.com"}, "service_account"),
        ({"email_verified": False}, "service_account"),
        ({"email_verified": "true"}, "service_account"),
        ({"email": None}, "service_account"),
    ],
)
def test_a_token_for_others_is_refused(certs: Certs, google: Issuer, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refused) as caught:
        certs.verify(google.token(**changes))
    assert caught.value.reason == reason
    assert not certs.asked, "nobody who says such things is worth Google's certificates"


def test_a_forged_signature_is_refused(certs: Certs, stranger: Issuer) -> None:
    with pytest.raises(Refused) as caught:
        certs.verify(stranger.token())
    assert caught.value.reason == "signature"


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "e30.e30.", "é", "a" * 10_000])
def test_what_is_no_token_is_refused(certs: Certs, token: str) -> None:
    with pytest.raises(Refused):
        certs.verify(token)


def test_unsigned_tokens_are_refused(certs: Certs, google: Issuer) -> None:
    _, claims, _ = google.token().split(".")
    header = base64.urlsafe_b64encode(b'{"alg": "none", "kid": "one"}').decode().rstrip("=")
    with pytest.raises(Refused):
        certs.verify(f"{header}.{claims}.")


def test_invented_key_ids_do_not_make_us_ask_google_again_and_again(certs: Certs, stranger: Issuer) -> None:
    for number in range(5):
        with pytest.raises(Refused):
            certs.verify(stranger_named(stranger, f"k{number}"))
    assert len(certs.asked) == 1


def test_nobody_is_trusted_when_no_sender_is_expected(certs: Certs, google: Issuer) -> None:
    with pytest.raises(Refused):
        certs.verify(google.token(email=""), service_account="")


@pytest.mark.parametrize("said", [Reply(500), Reply(body=b"<html>"), Reply(body=b"[]")])
def test_without_certificates_a_push_may_come_again(google: Issuer, said: Reply) -> None:
    with serving(lambda asked: said) as wire, pytest.raises(Transient):
        pubsub.verify(google.token(), audience=AUDIENCE, service_account=SENDER, base_url=wire.url)


class Wire:
    """Certificates by a clock of our own, from a Google that answers or does not."""

    def __init__(self, url: str, asked: list[Asked], answers: list[Reply], google: Issuer) -> None:
        self.now = 1000.0
        self.certificates = pubsub.Certificates(url + "/oauth2/v1/certs", lambda: self.now)
        self.asked, self.answers, self.google = asked, answers, google

    def down(self) -> None:
        self.answers[:] = [Reply(500)]


@pytest.fixture
def wire(google: Issuer) -> Iterator[Wire]:
    answers = [Reply(body=json.dumps(google.certificates).encode())]
    with serving(lambda asked: answers[0]) as served:
        yield Wire(served.url, served.asked, answers, google)


def test_a_google_that_does_not_answer_is_not_asked_at_each_push(wire: Wire) -> None:
    wire.down()
    for _ in range(5):
        with pytest.raises(Transient):
            wire.certificates.holding("one")
    assert len(wire.asked) == 1
    wire.now += pubsub.FAILURE_REST
    with pytest.raises(Transient):
        wire.certificates.holding("one")
    assert len(wire.asked) == 2


def test_while_google_does_not_answer_known_certificates_are_good_for_a_day(wire: Wire) -> None:
    wire.certificates.holding("one")
    wire.down()
    wire.now += pubsub.STALE_LIFE - 1
    assert wire.certificates.holding("one") == wire.google.certificates
    assert len(wire.asked) == 2, "it was asked for new ones"
    with pytest.raises(Transient):
        wire.certificates.holding("two")  # which may be Google's newest key
    wire.now += 2
    with pytest.raises(Transient):
        wire.certificates.holding("one")


def test_certificates_are_fetched_again_every_hour(wire: Wire) -> None:
    wire.certificates.holding("one")
    wire.now += pubsub.CERTS_LIFE - 1
    wire.certificates.holding("one")
    assert len(wire.asked) == 1
    wire.now += 2
    wire.certificates.holding("one")
    assert len(wire.asked) == 2


def test_threads_that_need_certificates_at_once_fetch_them_once(wire: Wire) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(wire.certificates.holding, ["one"] * 8))
    assert found == [wire.google.certificates] * 8
    assert len(wire.asked) == 1


def envelope(said: Any) -> dict[str, Any]:
    return {"message": {"data": base64.b64encode(json.dumps(said).encode()).decode()}, "subscription": "s"}


@pytest.mark.parametrize("history_id", ["9876543210", 9876543210])
def test_a_notification_names_mailbox_and_history(history_id: object) -> None:
    body = envelope({"emailAddress": "a@b", "historyId": history_id})
    assert pubsub.decode(body) == ("a@b", 9876543210)
    assert pubsub.decode(json.dumps(body).encode()) == ("a@b", 9876543210)


def test_base64url_without_padding_is_understood() -> None:
    data = base64.urlsafe_b64encode('{"emailAddress": "ÿ~þ@b", "historyId": 1}'.encode()).decode().rstrip("=")
    assert pubsub.decode({"message": {"data": data}}) == ("ÿ~þ@b", 1)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"{}",
        {"message": {}},
        {"message": {"data": 5}},
        {"message": {"data": "####"}},
        envelope([]),
        envelope({"emailAddress": "a@b"}),
        envelope({"emailAddress": "", "historyId": 1}),
        envelope({"emailAddress": 5, "historyId": 1}),
        envelope({"emailAddress": "a@b", "historyId": "x"}),
        envelope({"emailAddress": "a@b", "historyId": -1}),
        envelope({"emailAddress": "a@b", "historyId": 2**63}),
    ],
)
def test_anything_else_is_no_notification(body: Any) -> None:
    with pytest.raises(Refused):
        pubsub.decode(body)


def test_a_push_of_the_simulator_is_verified_and_read(simulator: Simulator) -> None:
    pushes: queue.Queue[Asked] = queue.Queue()

    def door(asked: Asked) -> Reply:
        pushes.put(asked)
        return Reply(body=b"")

    with serving(door) as wire:
        simulator.control("push", endpoint=f"{wire.url}/push", audience=AUDIENCE, account=SENDER)
        registered = oauth.OAuthClient("simulator", "simulator", simulator.url)
        grant = oauth.credentials(registered, refresh_token="sim-refresh-c@example.com")
        mailbox = GmailClient(grant, base_url=simulator.url, wait=lambda *_: None)
        watch = mailbox.watch("projects/p/topics/t")
        push = pushes.get(timeout=60)
        mailbox.stop()
        mailbox.close()
        simulator.control("push", endpoint="")
    token = push.headers["authorization"].removeprefix("Bearer ")
    pubsub.verify(token, audience=AUDIENCE, service_account=SENDER, base_url=simulator.url)
    assert pubsub.decode(push.body) == ("c@example.com", watch.history_id)
