import base64
import hashlib
import json
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta, timezone

import pytest

from gmail import oauth
from gmail.client import GmailClient
from gmail.errors import GmailError, GrantRevoked, Refused, Transient
from tests.gmail.conftest import Simulator
from tests.gmail.wire import Reply, serving

CALLBACK = "http://127.0.0.1:1/callback"
CLIENT = oauth.OAuthClient("id", "very-secret")


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object) -> None:
        return None


def allow(url: str, email: str, scope: str = oauth.SCOPES[0]) -> dict[str, str]:
    """Press "Allow" on the consent page; the query that the browser brings back."""
    form = urllib.parse.urlencode({"email": email, "scope": scope, "decision": "allow"}).encode()
    try:
        urllib.request.build_opener(NoRedirect).open(url, form, timeout=10)
    except urllib.error.HTTPError as answer:
        location = answer.headers["Location"]
        answer.close()
    assert location.startswith(CALLBACK)
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))


def registered(simulator: Simulator) -> oauth.OAuthClient:
    return oauth.OAuthClient("simulator", "simulator", simulator.url)


def test_consent_exchange_use_and_revocation(simulator: Simulator) -> None:
    client = registered(simulator)
    url, verifier = oauth.consent_url(client, redirect_uri=CALLBACK, state="s", login_hint="b@example.com")
    back = allow(url, "b@example.com")
    assert back["state"] == "s"
    given = oauth.exchange(client, redirect_uri=CALLBACK, code=back["code"], code_verifier=verifier)
    grant = given.credentials
    assert grant.valid and grant.refresh_token and given.ends_at is None
    assert grant.refresh_token not in repr(given)

    mailbox = GmailClient(grant, base_url=simulator.url, wait=lambda *_: None)
    assert mailbox.get_profile().email == "b@example.com"
    oauth.revoke(client, grant.refresh_token)
    with pytest.raises(GrantRevoked):
        mailbox.get_profile()
    mailbox.close()
    oauth.revoke(client, grant.refresh_token)
    simulator.control("grant", email="b@example.com")


def test_a_code_serves_once_and_only_with_its_verifier(simulator: Simulator) -> None:
    client = registered(simulator)
    url, verifier = oauth.consent_url(client, redirect_uri=CALLBACK, state="s")
    code = allow(url, "b@example.com")["code"]
    with pytest.raises(GmailError):
        oauth.exchange(client, redirect_uri=CALLBACK, code=code, code_verifier="x" * 64)
    url, verifier = oauth.consent_url(client, redirect_uri=CALLBACK, state="s")
    code = allow(url, "b@example.com")["code"]
    oauth.exchange(client, redirect_uri=CALLBACK, code=code, code_verifier=verifier)
    with pytest.raises(GrantRevoked):
        oauth.exchange(client, redirect_uri=CALLBACK, code=code, code_verifier=verifier)


def test_a_service_account_acts_for_a_user(simulator: Simulator) -> None:
    key = simulator.ask("service-account")
    grant = oauth.service_account_credentials(key, "b@example.com", base_url=simulator.url)
    mailbox = GmailClient(grant, base_url=simulator.url, wait=lambda *_: None)
    assert mailbox.get_profile().email == "b@example.com"
    assert mailbox.stream_message(mailbox.list_messages().refs[0].id, on_chunk=lambda size: None).raw
    mailbox.close()


@pytest.mark.parametrize("info", [{}, {"client_email": "x", "private_key": "very-secret", "token_uri": "u"}, {"a": 1}])
def test_what_is_no_service_account_key_is_refused(info: dict[str, object]) -> None:
    with pytest.raises(Refused) as caught:
        oauth.service_account_credentials(info, "b@example.com")
    assert "very-secret" not in str(caught.value)


def test_the_consent_address_asks_for_offline_reading_with_pkce() -> None:
    url, verifier = oauth.consent_url(CLIENT, redirect_uri=CALLBACK, state="st")
    assert url.startswith("https://accounts.google.com/o/oauth2/v2/auth?")
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    assert query == {
        "response_type": "code",
        "client_id": "id",
        "redirect_uri": CALLBACK,
        "scope": "https://www.googleapis.com/auth/gmail.readonly",
        "state": "st",
        "access_type": "offline",
        "prompt": "consent",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    assert 43 <= len(verifier) <= 128


def test_every_consent_has_its_own_verifier() -> None:
    assert len({oauth.consent_url(CLIENT, redirect_uri=CALLBACK, state="s")[1] for _ in range(3)}) == 3


def test_the_secret_is_not_shown() -> None:
    assert "very-secret" not in repr(CLIENT)


def test_the_addresses_are_googles_unless_told_otherwise() -> None:
    assert (CLIENT.token_uri, CLIENT.revoke_uri) == (
        "https://oauth2.googleapis.com/token",
        "https://oauth2.googleapis.com/revoke",
    )
    moved = oauth.OAuthClient("id", "s", "http://sim/")
    assert (moved.consent_uri, moved.token_uri) == ("http://sim/o/oauth2/v2/auth", "http://sim/token")


def test_an_aware_expiry_is_understood() -> None:
    soon = datetime.now(timezone(timedelta(hours=-7))) + timedelta(hours=1)
    assert oauth.credentials(CLIENT, refresh_token="r", token="t", expiry=soon).valid
    past = datetime.now(UTC) - timedelta(seconds=1)
    assert not oauth.credentials(CLIENT, refresh_token="r", token="t", expiry=past).valid


def exchange_with(reply: Reply) -> object:
    with serving(lambda asked: reply) as wire:
        client = oauth.OAuthClient("id", "very-secret", wire.url)
        return oauth.exchange(client, redirect_uri=CALLBACK, code="c", code_verifier="v")


def reply(status: int = 200, **body: object) -> Reply:
    return Reply(status, json.dumps(body).encode(), {"Content-Type": "application/json"})


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (reply(400, error="invalid_grant", error_description="Bad Request"), GrantRevoked),
        (reply(401, error="invalid_client"), Refused),
        (reply(503, error="x"), Transient),
        (Reply(502, b"<html>"), Transient),
        (reply(token_type="Bearer"), Transient),
        (Reply(200, b"[]"), Transient),
        (Reply(302, b"", {"Location": "http://127.0.0.1:1/"}), Refused),
        (reply(access_token="t", scope="openid email"), Refused),
    ],
)
def test_a_failed_exchange_says_why(said: Reply, expected: type[GmailError]) -> None:
    with pytest.raises(expected) as caught:
        exchange_with(said)
    assert "very-secret" not in str(caught.value)


def test_a_user_who_withholds_the_mail_is_told_apart() -> None:
    with pytest.raises(Refused) as caught:
        exchange_with(reply(access_token="t", scope="openid email"))
    assert caught.value.reason == "insufficient_scope"


@pytest.mark.parametrize(
    ("said", "days"), [(604_799, 7), ("604799", 7), (None, None), ("soon", None), (-5, None), (0, None), (10**15, None)]
)
def test_the_end_of_a_grant_is_told_where_google_names_one(said: object, days: int | None) -> None:
    given = exchange_with(reply(access_token="t", refresh_token="r", refresh_token_expires_in=said))
    assert isinstance(given, oauth.Permission)
    if days is None:
        assert given.ends_at is None
    else:
        assert given.ends_at is not None
        assert timedelta(days=days, minutes=-1) < given.ends_at - datetime.now(UTC) < timedelta(days=days)


def test_nobody_there_is_transient_and_leaks_nothing() -> None:
    client = oauth.OAuthClient("id", "very-secret", "http://127.0.0.1:1")
    with pytest.raises(Transient) as caught:
        oauth.exchange(client, redirect_uri=CALLBACK, code="c", code_verifier="v")
    assert caught.value.__cause__ is None


def test_revoking_what_has_ended_is_fine_and_other_errors_are_not() -> None:
    with serving(lambda asked: reply(400, error="invalid_token")) as wire:
        oauth.revoke(oauth.OAuthClient("id", "s", wire.url), "t")
        assert wire.asked[0].body == b"token=t"
    with serving(lambda asked: reply(400, error="invalid_request")) as wire, pytest.raises(Refused):
        oauth.revoke(oauth.OAuthClient("id", "s", wire.url), "t")
