"""Signing in with a second proof."""

import base64
import re
import time
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django_otp.oath import TOTP

from mailsync import second_step, tokens
from mailsync.models import AuditEvent, RecoveryCode, SecondStep

pytestmark = pytest.mark.django_db
NOW = 1_800_000_015.0  # the middle of one
SETUP, STEP = "/settings/second-step/", "/login/step/"


@pytest.fixture(autouse=True)
def half_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not end within a test."""
    monkeypatch.setattr(second_step, "time", SimpleNamespace(time=lambda: NOW))


def code(user: User, later: int = 0) -> str:
    """What the authenticator shows, in half a minute's steps from now."""
    secret = SecondStep.objects.get(user=user).secret
    totp = TOTP(base64.b32decode(secret))
    totp.time = NOW + 30 * later
    return f"{totp.token():06}"


def password(client: Client, name: str = "anna", **query: str) -> Any:
    return client.post("/login/", {"username": name, "password": "a long phrase", **query})


@pytest.fixture
def protected(anna: User) -> list[str]:
    """Anna uses it; her recovery codes. The code of this half minute is not used up."""
    second_step.begin(anna)
    codes = second_step.confirm(anna, code(anna, -1))
    assert len(codes) == 10
    return codes


def test_it_is_set_up_with_a_picture_and_a_first_code(browser: Client, anna: User) -> None:
    html = browser.get(SETUP).content.decode()
    secret = SecondStep.objects.get().secret
    assert 'src="data:image/svg+xml' in html
    assert re.sub(r"\s", "", secret) in re.sub(r"\s", "", html)
    assert not second_step.is_on(anna)
    assert secret in second_step.address(SecondStep.objects.get())
    refused = browser.post(SETUP, {"code": "000000"}).content.decode()
    assert "That code does not fit." in refused and "".join(secret.split()) in refused.replace(" ", "")

    shown = browser.post(SETUP, {"code": code(anna)}).content.decode()

    codes = re.findall(r'class="secret">([a-z0-9]{5}-[a-z0-9]{5})<', shown)
    assert len(set(codes)) == 10
    assert second_step.is_on(anna)
    assert "10 recovery codes are left." in browser.get(SETUP).content.decode()
    assert AuditEvent.objects.filter(action="second_step_on", actor="anna").exists()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT secret, (SELECT string_agg(digest, ' ') FROM mailsync_recoverycode) FROM mailsync_secondstep"
        )
        stored = str(cursor.fetchone())
    assert secret not in stored and not any(each in stored for each in codes)


def test_the_password_alone_opens_nothing(protected: list[str], anna: User, client: Client) -> None:
    assert password(client, next="/mail/")["Location"] == STEP
    for path in ("/", "/mail/", "/settings/", SETUP):
        assert client.get(path).status_code == 302
    assert client.get("/api/accounts/").status_code == 401
    before = client.session.session_key
    answer = client.post(STEP, {"code": code(anna)})
    assert answer["Location"] == "/mail/"
    assert client.get("/mail/").status_code == 200
    assert client.session.session_key != before
    _, secret = tokens.issue(anna, "script")
    assert Client().get("/api/accounts/", headers={"authorization": f"Token {secret}"}).status_code == 200


def test_a_code_is_good_once_and_a_wrong_one_is_written_down(protected: list[str], anna: User, client: Client) -> None:
    now = code(anna)
    password(client)
    assert client.post(STEP, {"code": f" {now[:3]} {now[3:]} "}).status_code == 302
    other = Client()
    password(other)
    answer = other.post(STEP, {"code": now})
    assert answer.status_code == 403 and "each is good once" in answer.content.decode()
    assert now not in str(list(AuditEvent.objects.values()))
    assert AuditEvent.objects.filter(action="sign_in_failed", actor="anna", details__step=2).count() == 1


def test_a_recovery_code_is_good_once(protected: list[str], anna: User, client: Client) -> None:
    password(client)
    assert client.post(STEP, {"code": protected[3].upper()}).status_code == 302
    assert RecoveryCode.objects.count() == 9
    other = Client()
    password(other)
    assert other.post(STEP, {"code": protected[3]}).status_code == 403
    assert AuditEvent.objects.get(action="recovery_code_used").details == {"left": 9}


def test_wrong_codes_are_paid_for_with_pauses(protected: list[str], anna: User, client: Client) -> None:
    password(client)
    for wrong in ("000000", "", "12345", "1234567", "٠١٢٣٤٥"):
        answer = client.post(STEP, {"code": wrong})
        assert answer.status_code == 403
    assert "Too many wrong codes" in answer.content.decode()
    assert "Too many wrong codes" in client.post(STEP, {"code": code(anna)}).content.decode(), "looked at in the pause"
    assert "Too many wrong codes" in client.post(STEP, {"code": protected[0]}).content.decode()
    SecondStep.objects.update(not_before="2020-01-01T00:00Z")
    assert client.post(STEP, {"code": code(anna)}).status_code == 302
    assert SecondStep.objects.get().failures == 0


def test_half_a_sign_in_ends(protected: list[str], anna: User, client: Client) -> None:
    assert client.get(STEP)["Location"] == "/login/"
    password(client)
    assert client.get(STEP).status_code == 200
    anna.set_password("changed meanwhile")
    anna.save()
    assert client.post(STEP, {"code": code(anna)})["Location"] == "/login/"


def test_half_a_sign_in_grows_old(
    protected: list[str], anna: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    password(client)
    session = client.session
    session["half_signed_in"] = session["half_signed_in"] | {"at": time.time() - 601}
    session.save()
    assert client.post(STEP, {"code": code(anna)})["Location"] == "/login/"


def test_it_is_switched_off_and_codes_are_renewed_with_a_code_only(
    protected: list[str], anna: User, browser: Client
) -> None:
    assert "does not fit" in browser.post(SETUP, {"what": "off", "code": "000000"}, follow=True).content.decode()
    fresh = browser.post(SETUP, {"what": "codes", "code": protected[0]}).content.decode()
    assert len(set(re.findall(r">([a-z0-9]{5}-[a-z0-9]{5})<", fresh)) - set(protected)) == 10
    assert "Switched off" in browser.post(SETUP, {"what": "off", "code": code(anna)}, follow=True).content.decode()
    assert not second_step.is_on(anna) and not RecoveryCode.objects.exists()
    assert AuditEvent.objects.filter(action="second_step_off", actor="anna").exists()


class TestWhereStaffNeedIt:
    """STAFF_SECOND_STEP=on."""

    @pytest.fixture(autouse=True)
    def demanded(self, settings: Any, anna: User) -> None:
        settings.STAFF_SECOND_STEP = True
        User.objects.filter(pk=anna.pk).update(is_staff=True, is_superuser=True)

    def test_staff_set_it_up_while_they_sign_in(self, anna: User, client: Client) -> None:
        assert password(client, next="/admin/")["Location"] == STEP
        assert "Set it up now, then you are signed in." in client.get(STEP).content.decode()
        assert client.get("/admin/").status_code == 302
        shown = client.post(STEP, {"code": code(anna)}).content.decode()
        assert "Recovery codes" in shown and 'href="/admin/"' in shown
        assert client.get("/admin/").status_code == 200
        client.post("/logout/")
        password(client)
        assert client.post(STEP, {"code": code(anna, 1)}).status_code == 302
        assert client.get("/admin/").status_code == 200

    def test_a_session_from_before_ends(self, anna: User, client: Client) -> None:
        client.force_login(User.objects.get(pk=anna.pk))
        assert client.get("/admin/").status_code == 302
        client.force_login(User.objects.get(pk=anna.pk))
        assert client.get("/api/accounts/").status_code == 401
        assert client.get("/")["Location"].startswith("/login/")

    def test_it_cannot_be_switched_off(self, protected: list[str], anna: User, client: Client) -> None:
        password(client)
        client.post(STEP, {"code": code(anna)})
        answer = client.post(SETUP, {"what": "off", "code": protected[0]}, follow=True).content.decode()
        assert "Staff may not do without it here." in answer and second_step.is_on(anna)

    def test_others_are_not_bothered(self, client: Client) -> None:
        User.objects.create_user("bert", password="a long phrase")
        assert password(client, "bert")["Location"] == "/"


def test_the_admin_has_no_door_of_its_own(client: Client, protected: list[str]) -> None:
    assert client.get("/admin/login/?next=/admin/")["Location"] == "/login/?next=/admin/"
    form = {"username": "anna", "password": "a long phrase", "this_is_the_login_form": "1"}
    client.post("/admin/login/", form)
    assert client.get("/").status_code == 302


def test_who_has_lost_everything_is_let_in_by_the_operator(
    protected: list[str], anna: User, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("switch_off_second_step", "anna")
    assert "password alone" in capsys.readouterr().out
    assert password(client)["Location"] == "/"
    for name in ("anna", "nobody"):
        with pytest.raises(CommandError):
            call_command("switch_off_second_step", name)


def test_the_pages_speak_chinese(protected: list[str], anna: User, browser: Client, client: Client) -> None:
    chinese = {"HTTP_ACCEPT_LANGUAGE": "zh-CN"}
    assert "两步登录" in browser.get(SETUP, **chinese).content.decode()
    assert "两步登录" in browser.get("/settings/", **chinese).content.decode()
    password(client)
    assert "验证码不正确" in client.post(STEP, {"code": "0"}, **chinese).content.decode()
