"""Consent, tokens and their ends, with Google's own libraries as clients."""

import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
import requests
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request
from google.oauth2 import service_account
from google.oauth2.credentials import Credentials
from google_auth_oauthlib.flow import Flow

from gmail.simulator import oauth
from gmail.simulator.service import Service
from gmail.simulator.signing import Signer
from gmail.simulator.tokens import READONLY, OAuthError
from tests.gmail.simulator.visitor import NOW, Visitor

HERE = "http://127.0.0.1:1/callback"


def flow(visitor: Visitor) -> Flow:
    config = {
        "client_id": "simulator",
        "client_secret": "simulator",
        "auth_uri": f"{visitor.base}/o/oauth2/v2/auth",
        "token_uri": f"{visitor.base}/token",
    }
    return Flow.from_client_config({"web": config}, [READONLY], redirect_uri=HERE)


def decide(address: str, **choice: str) -> dict[str, str]:
    """The parameters with which a person's decision comes back to the client."""
    page = requests.get(address, timeout=10)
    assert page.status_code == 200
    assert "<form" in page.text
    answer = requests.post(address, data=choice, allow_redirects=False, timeout=10)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(HERE)
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(answer.headers["Location"]).query))


def credentials(visitor: Visitor, refresh_token: str) -> Credentials:
    return Credentials(
        None,
        refresh_token=refresh_token,
        token_uri=f"{visitor.base}/token",
        client_id="simulator",
        client_secret="simulator",
        scopes=[READONLY],
    )


@pytest.fixture
def _plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


@pytest.mark.usefixtures("_plain_http")
def test_a_person_consents_and_the_client_gets_a_refresh_token(shared: Visitor) -> None:
    web = flow(shared)
    address, state = web.authorization_url(prompt="consent", login_hint="b@example.com")
    back = decide(address, decision="allow", email="b@example.com", scope=READONLY)

    web.fetch_token(code=back["code"])

    assert back["state"] == state
    assert web.credentials.refresh_token.startswith("1//")
    bearer = f"Bearer {web.credentials.token}"
    assert (
        shared.send("GET", "/gmail/v1/users/me/profile", Authorization=bearer).json()["emailAddress"] == "b@example.com"
    )


@pytest.mark.usefixtures("_plain_http")
def test_a_code_is_good_once_and_only_with_its_verifier(shared: Visitor) -> None:
    address, _ = flow(shared).authorization_url()
    code = decide(address, decision="allow", email="a@example.com", scope=READONLY)["code"]
    form = {"client_id": "simulator", "client_secret": "simulator", "grant_type": "authorization_code"}

    for verifier in ("wrong", "wrong again"):
        answer = shared.form("/token", **form, code=code, redirect_uri=HERE, code_verifier=verifier)
        assert (answer.status, answer.json()["error"]) == (400, "invalid_grant")


@pytest.mark.usefixtures("_plain_http")
def test_a_person_may_refuse(shared: Visitor) -> None:
    address, _ = flow(shared).authorization_url()

    assert decide(address, decision="deny")["error"] == "access_denied"


def test_an_unknown_client_sees_no_consent_page(shared: Visitor) -> None:
    answer = shared.send(
        "GET", f"/o/oauth2/v2/auth?client_id=x&redirect_uri={HERE}&response_type=code&scope={READONLY}"
    )

    assert answer.status == 400
    assert b"<form" not in answer.body


def test_the_built_in_refresh_token_is_good_for_its_account(shared: Visitor) -> None:
    found = credentials(shared, "sim-refresh-a@example.com")
    found.refresh(Request())

    bearer = f"Bearer {found.token}"
    assert shared.send("GET", "/gmail/v1/users/me/profile", Authorization=bearer).status == 200
    assert shared.send("GET", "/gmail/v1/users/b@example.com/profile", Authorization=bearer).status == 403


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"refresh_token": "sim-refresh-stranger@example.com"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_a_wrong_token_request_is_refused(shared: Visitor, change: dict[str, str], status: int, error: str) -> None:
    form = {"client_id": "simulator", "client_secret": "simulator", "grant_type": "refresh_token"}

    answer = shared.form("/token", **form | {"refresh_token": "sim-refresh-a@example.com"} | change)

    assert (answer.status, answer.json()["error"]) == (status, error)


def test_revoking_ends_access_and_refresh_tokens(own: Visitor) -> None:
    token = own.token()
    assert own.form("/revoke", token=token).status == 200

    answer = own.get("profile")
    assert answer.status == 401
    assert answer.json()["error"]["errors"][0] == {
        "message": "Invalid Credentials",
        "domain": "global",
        "reason": "authError",
        "location": "Authorization",
        "locationType": "header",
    }
    with pytest.raises(RefreshError, match="invalid_grant: Token has been expired or revoked"):
        credentials(own, f"sim-refresh-{own.email}").refresh(Request())
    assert own.form("/revoke", token=token).status == 400
    own.control("grant", email=own.email)
    own.tokens.clear()
    assert own.get("profile").status == 200


def test_an_access_token_ends_after_its_lifetime(service: Service) -> None:
    token = service.world.tokens.issue("a@example.com", frozenset({READONLY}), NOW)

    assert service.world.tokens.check(token, NOW + 3_598) is not None
    assert service.world.tokens.check(token, NOW + 3_600) is None


def test_a_service_account_acts_for_a_mailbox(shared: Visitor) -> None:
    info = shared.send("GET", "/control/service-account").json()
    found = service_account.Credentials.from_service_account_info(info, scopes=[READONLY], subject="b@example.com")

    # The clock of the seeded mail is not that of the tokens: the assertion is judged by the real time.
    found.refresh(Request())

    answer = shared.send("GET", "/gmail/v1/users/me/profile", Authorization=f"Bearer {found.token}")
    assert answer.json()["emailAddress"] == "b@example.com"


@pytest.mark.parametrize(
    "change", [{"aud": "https://elsewhere.example"}, {"exp": NOW - 1}, {"sub": "stranger@example.com"}]
)
def test_a_wrong_assertion_is_refused(service: Service, change: dict[str, Any]) -> None:
    signer = Signer()
    claims = {"aud": oauth.GOOGLE_AUDIENCE, "iat": NOW, "exp": NOW + 3600, "sub": "a@example.com", "scope": READONLY}

    def request(key: Signer, wanted: dict[str, Any]) -> Callable[[], object]:
        form = {"grant_type": oauth.JWT_BEARER, "assertion": key.sign(wanted)}
        return lambda: oauth.token(form, "", service.world, signer, NOW)

    assert request(signer, claims)()
    with pytest.raises(OAuthError):
        request(signer, claims | change)()
    with pytest.raises(OAuthError, match="invalid_grant"):
        request(Signer(), claims)()


def test_of_more_than_a_hundred_refresh_tokens_the_oldest_dies(service: Service) -> None:
    for number in range(101):
        service.world.perform("grant", NOW, email="a@example.com", token=f"1//{number}", scopes=[READONLY])

    with pytest.raises(OAuthError):
        service.world.tokens.refresh("1//0", "", NOW)
    assert service.world.tokens.refresh("1//1", "", NOW)
    assert service.world.tokens.refresh("sim-refresh-a@example.com", "", NOW)


def given(visitor: Visitor) -> Any:
    """What Google answers to a consent."""
    flowing = flow(visitor)
    address, _ = flowing.authorization_url()
    back = decide(address, decision="allow", email=visitor.email, scope=READONLY)
    form = {"grant_type": "authorization_code", "code": back["code"], "redirect_uri": HERE}
    return visitor.form(
        "/token", client_id="simulator", client_secret="simulator", code_verifier=flowing.code_verifier or "", **form
    )


@pytest.mark.usefixtures("_plain_http")
def test_grants_of_a_project_in_testing_end_and_say_when(own: Visitor) -> None:
    own.control("consents", lifetime=2)
    try:
        answer = given(own).json()
    finally:
        own.control("consents", lifetime=0)
    assert answer["refresh_token_expires_in"] in (1, 2)
    held = credentials(own, answer["refresh_token"])
    held.refresh(Request())
    time.sleep(2)
    with pytest.raises(RefreshError):
        held.refresh(Request())
    assert "refresh_token_expires_in" not in given(own).json()


@pytest.mark.usefixtures("_plain_http")
def test_a_consent_may_give_no_lasting_access(own: Visitor) -> None:
    own.control("consents", lasting=False)
    try:
        answer = given(own).json()
    finally:
        own.control("consents", lasting=True)
    assert answer["access_token"] and "refresh_token" not in answer


@pytest.mark.usefixtures("_plain_http")
def test_codes_can_be_made_too_old_and_every_secret_is_told(own: Visitor) -> None:
    flowing = flow(own)
    address, _ = flowing.authorization_url()
    code = decide(address, decision="allow", email=own.email, scope=READONLY)["code"]
    own.control("expire-codes")
    answer = own.form(
        "/token",
        grant_type="authorization_code",
        code=code,
        redirect_uri=HERE,
        client_id="simulator",
        client_secret="simulator",
        code_verifier=flowing.code_verifier or "",
    )
    assert (answer.status, answer.json()["error"]) == (400, "invalid_grant")
    told = own.send("GET", "/control/secrets").json()
    assert code in told["issued"] and told["client_secret"] == "simulator"
