"""A whole Workspace, connected from a list."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError

from gmail.errors import GrantRevoked, Refused, Transient
from gmail.local_window import LocalWindow
from gmail.redis_window import RedisWindow
from mailsync import credentials, domain
from mailsync.connect import connect
from mailsync.credentials import metered, open_credentials, service_account_grant, user_grant
from mailsync.models import Account
from mailsync.schedule import request_sync
from syncjobs import runner, texts
from syncjobs.states import State, Trigger
from tests.mailsync.simulated import Gmail


@pytest.fixture
def info(gmail: Gmail) -> dict[str, Any]:
    key: dict[str, Any] = gmail.ask("service-account")
    return key


@pytest.fixture
def key(info: dict[str, Any], tmp_path: Path) -> Path:
    path = tmp_path / "key.json"
    path.write_text(json.dumps(info))
    return path


def told(capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    """The lines of the command, the error as the last of them."""
    try:
        call_command("connect_account", *options)
    except CommandError as error:
        return [*capsys.readouterr().out.splitlines(), str(error)]
    return capsys.readouterr().out.splitlines()


def test_a_list_connects_what_it_can_and_says_what_became_of_each(
    anna: User, gmail: Gmail, key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = tmp_path / "list.txt"
    other = "box199@example.com"
    listed.write_text(
        f"# all of us\n{gmail.email}\n  {gmail.email.upper()} \n\n{other},  # the boss\nnobody@elsewhere.example\nno address\n",
        encoding="utf-8-sig",
    )
    options = ("--owner", "anna", "--service-account", str(key), "--addresses", str(listed), "--policy", "readable")
    lines = told(capsys, *options)
    accounts = {each.email: each for each in Account.objects.all()}
    assert set(accounts) == {gmail.email, other}
    assert lines[0].split() == ["connected", gmail.email, "account", str(accounts[gmail.email].pk)]
    assert lines[1].split()[:2] == ["connected", other]
    assert lines[2].startswith("refused   nobody@elsewhere.example  unauthorized_client: under admin.google.com")
    assert "100000000000000000001" in lines[2] and "gmail.readonly" in lines[2]
    assert lines[3].split()[0] == "invalid"
    assert lines[4] == "connected: 2, invalid: 1, refused: 1"
    assert lines[5].startswith("2 of 4 mailboxes were not connected")
    assert accounts[other].policy == "readable"

    again = told(capsys, *options)
    assert [line.split()[0] for line in again[:4]] == ["already", "already", "refused", "invalid"]


def test_the_standard_input_is_a_list_too(
    anna: User, gmail: Gmail, key: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{gmail.email}\n"))
    lines = told(capsys, "--owner", "anna", "--service-account", str(key), "--addresses", "-")
    assert lines[-1] == "connected: 1"
    done = runner.run(request_sync(Account.objects.get(), trigger=Trigger.BUTTON).job.pk, "worker")
    assert done is not None and done.state == State.SUCCEEDED


def test_a_new_key_takes_the_place_of_the_old_one(
    anna: User, gmail: Gmail, info: dict[str, Any], key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    account = connect(anna, gmail.email, service_account_grant(info | {"private_key_id": "older"}))
    listed = tmp_path / "list"
    listed.write_text(gmail.email)
    lines = told(capsys, "--owner", "anna", "--service-account", str(key), "--addresses", str(listed))
    assert lines == [f"renewed   {gmail.email}  account {account.pk}", "renewed: 1"]
    held = json.loads(Account.objects.values_list("credentials", flat=True).get())
    assert held["info"]["private_key_id"] == info["private_key_id"]


def test_without_asking_google_every_address_is_connected(
    anna: User, info: dict[str, Any], settings: Any, gmail: Gmail
) -> None:
    settings.GOOGLE_BASE_URL = "http://127.0.0.1:9"
    found = list(domain.connect_all(anna, ["a@elsewhere.example"], info, "both", check=False))
    assert [each.word for each in found] == ["connected"]
    assert [each.word for each in domain.connect_all(anna, ["b@elsewhere.example"], info, "both")] == ["refused"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--addresses", "/nowhere", "--service-account", "KEY"), "Cannot read the list"),
        (("--addresses", "BINARY", "--service-account", "KEY"), "Cannot read the list"),
        (("--addresses", "-", "--refresh-token", "t"), "needs --service-account"),
        (("--addresses", "-", "--service-account", "/nowhere"), "Cannot read the key"),
        (("--addresses", "EMPTY", "--service-account", "KEY"), "The list is empty."),
        (("--email", "a@example.com", "--service-account", "EMPTY"), "Cannot read the key"),
        (("--email", "a@example.com", "--addresses", "-", "--refresh-token", "t"), "not allowed with"),
    ],
)
def test_nonsense_is_named(
    anna: User, key: Path, tmp_path: Path, options: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "binary").write_bytes(b"\xd0\x00\xff")
    places = {"KEY": str(key), "EMPTY": str(tmp_path / "empty"), "BINARY": str(tmp_path / "binary")}
    lines = told(capsys, "--owner", "anna", *(places.get(each, each) for each in options))
    assert said in "\n".join(lines)
    assert not Account.objects.exists()


def test_a_delegation_that_is_withdrawn_is_named_in_the_job(anna: User, info: dict[str, Any], gmail: Gmail) -> None:
    account = connect(anna, "stranger@elsewhere.example", service_account_grant(info))
    done = runner.run(request_sync(account, trigger=Trigger.BUTTON).job.pk, "worker")
    assert done is not None and (done.state, done.error_code) == (State.FAILED, "delegation_refused")
    assert "unauthorized_client" in texts.text("mailbox", "delegation_refused", {})


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Refused("x", 401, "unauthorized_client"), "allow the client 42 the scope"),
        (Refused("x", 400, "failedPrecondition"), "not switched on"),
        (GrantRevoked("invalid_grant: Invalid email"), "no such user"),
        (Transient("Google does not answer"), "Google does not answer"),
    ],
)
def test_refusals_say_what_an_administrator_can_do(error: Any, words: str) -> None:
    assert words in domain.explained(error, "42")


def test_whose_quota_delegated_calls_are_counted_on_is_configured(
    anna: User, info: dict[str, Any], gmail: Gmail, settings: Any
) -> None:
    settings.GMAIL_USER_UNITS_PER_MINUTE = 6000
    delegated = connect(anna, gmail.email, service_account_grant(info))
    consented = connect(anna, "b@example.com", user_grant("r"))
    opened = [(each, open_credentials(Account.objects.get(pk=each.pk))) for each in (delegated, consented)]
    assert [metered(*each) for each in opened] == [gmail.email, "b@example.com"]
    settings.GMAIL_DELEGATED_QUOTA = "service-account"
    assert [metered(*each) for each in opened] == ["delegate@simulator.iam.gserviceaccount.com", "b@example.com"]
    window = credentials.bucket(metered(*opened[0]), priority=credentials.Priority.INTERACTIVE)
    assert isinstance(window, RedisWindow) and not isinstance(window, LocalWindow)
