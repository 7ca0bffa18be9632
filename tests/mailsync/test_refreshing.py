"""Tokens: asked for once, kept for all, and never again with a grant that has ended."""

import json
from typing import Any

import pytest
import requests
from django.db import connection
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request

from mailsync import credentials, refreshing
from mailsync.connect import connect
from mailsync.credentials import open_credentials, service_account_grant, user_grant
from mailsync.disconnect import disconnect
from mailsync.models import Account, AuditEvent
from mailsync.schedule import request_sync
from mailsync.sync.job import MAILBOX
from syncjobs import runner
from syncjobs.states import State, Trigger
from tests.committed import at_once
from tests.mailsync.simulated import Gmail


def calls(gmail: Gmail) -> int:
    """How often Google was asked for a token."""
    return int(gmail.ask("stats")["http"].get("token", 0))


def kept(account: Account) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Account.objects.values_list("credentials", flat=True).get(pk=account.pk))
    return found


def refreshed(account: Account) -> str:
    """What a process of its own does that finds no token, or one that Google refuses."""
    held = open_credentials(Account.objects.get(pk=account.pk))
    held.refresh(Request())
    return str(held.token)


def test_four_who_refresh_at_once_ask_google_once_and_have_the_same_token(account: Account, gmail: Gmail) -> None:
    gmail.faults({"fault": "slow", "seconds": 0.5, "match": {"method": "token"}})
    tokens = at_once([lambda: refreshed(account)] * 4)
    assert calls(gmail) == 1
    assert len(set(tokens)) == 1 and str(tokens[0]).startswith("ya29.")
    assert kept(account)["token"] == tokens[0]
    assert kept(account)["refresh_token"] == f"sim-refresh-{gmail.email}"


def test_a_kept_token_is_used_until_google_refuses_it(account: Account, gmail: Gmail) -> None:
    first = refreshed(account)
    opened = open_credentials(Account.objects.get(pk=account.pk))
    assert opened.valid and opened.token == first
    again = open_credentials(Account.objects.get(pk=account.pk))
    again.refresh(Request())  # Google refused it: 401
    assert again.token != first
    opened.refresh(Request())  # the same for one who comes later
    assert opened.token == again.token
    assert calls(gmail) == 2


def test_a_token_that_runs_out_soon_is_not_taken_over(account: Account, gmail: Gmail) -> None:
    grant = json.loads(user_grant(f"sim-refresh-{gmail.email}")) | {"token": "old", "expiry": 1_700_000_000}
    Account.objects.filter(pk=account.pk).update(credentials=json.dumps(grant))
    assert refreshed(account).startswith("ya29.")


def test_a_grant_that_has_ended_is_asked_with_once_by_all(account: Account, gmail: Gmail) -> None:
    gmail.control("revoke", email=gmail.email)
    gmail.faults({"fault": "slow", "seconds": 0.3, "match": {"method": "token"}})
    results = at_once([lambda: refreshed(account)] * 4)
    assert all(isinstance(each, RefreshError) for each in results), results
    assert calls(gmail) == 1
    account.refresh_from_db()
    assert (account.state, account.sync_message_code) == (Account.State.RECONNECT, "reconnect_needed")
    assert not Account.objects.scheduled().exists()
    assert AuditEvent.objects.filter(action="grant_ended", mailbox=account.pk).count() == 1
    gmail.control("grant", email=gmail.email)


def test_a_job_of_an_account_that_waits_for_its_owner_does_not_ask_google(account: Account, gmail: Gmail) -> None:
    refreshed(account)  # a token that Google would still take, or refuse
    gmail.control("reset-stats")
    job = request_sync(account, trigger=Trigger.BUTTON).job
    Account.objects.update(state=Account.State.RECONNECT)
    done = runner.run(job.pk, "worker")
    assert done is not None and (done.state, done.error_code) == (State.FAILED, "reconnect_needed")
    assert not sum(gmail.ask("stats")["http"].values())
    assert MAILBOX.texts["reconnect_needed"]


def test_a_mailbox_reconnected_meanwhile_goes_on_with_its_new_grant(account: Account, gmail: Gmail) -> None:
    Account.objects.filter(pk=account.pk).update(credentials=user_grant("1//a grant that has ended"))
    held = open_credentials(Account.objects.get(pk=account.pk))
    connect(account.owner, gmail.email, user_grant(f"sim-refresh-{gmail.email}"))
    held.refresh(Request())
    assert held.token == kept(account)["token"]
    assert Account.objects.get(pk=account.pk).state == Account.State.OK


def test_a_reconnection_while_google_is_asked_is_not_undone(account: Account, gmail: Gmail) -> None:
    """Google says no to the old grant just after the new one was stored."""
    Account.objects.filter(pk=account.pk).update(credentials=user_grant("1//a grant that has ended"))
    held = open_credentials(Account.objects.get(pk=account.pk))
    asked = []

    class Meanwhile(Request):
        def __call__(self, *args: Any, **named: Any) -> Any:
            if not asked:
                connect(account.owner, gmail.email, user_grant(f"sim-refresh-{gmail.email}"))
            asked.append(args)
            return super().__call__(*args, **named)

    held.refresh(Meanwhile())
    assert len(asked) == 2
    assert held.token == kept(account)["token"]
    assert Account.objects.get(pk=account.pk).state == Account.State.OK


def test_a_token_that_comes_after_the_disconnection_is_not_kept(account: Account, gmail: Gmail) -> None:
    held = open_credentials(Account.objects.get(pk=account.pk))

    class Meanwhile(Request):
        def __call__(self, *args: Any, **named: Any) -> Any:
            disconnect(account, by="anna")
            return super().__call__(*args, **named)

    held.refresh(Meanwhile())
    assert Account.objects.values_list("credentials", flat=True).get(pk=account.pk) == ""
    with pytest.raises(RefreshError):
        held.refresh(Request())


def test_trouble_at_google_ends_no_grant(account: Account, gmail: Gmail, monkeypatch: pytest.MonkeyPatch) -> None:
    gmail.faults({"fault": "hang", "match": {"method": "token"}})
    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", _out_of_reach)
    with pytest.raises(Exception):  # noqa: B017 (whatever the library says then)
        refreshed(account)
    assert Account.objects.get(pk=account.pk).state == Account.State.OK
    assert Account.objects.get(pk=account.pk).refreshing_until is None


def _out_of_reach(*_: Any, **__: Any) -> Any:
    raise requests.ConnectionError("no route")


def test_one_who_never_ends_does_not_keep_the_others_for_ever(
    account: Account, gmail: Gmail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "PATIENCE", 0.3)

    def stuck() -> None:
        with refreshing._turn(account.pk) as mine, connection.cursor() as cursor:
            assert mine
            cursor.execute("SELECT pg_sleep(2)")

    def waiting() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.2)")
        return refreshed(account)

    results = at_once([stuck, waiting])
    assert str(results[1]).startswith("ya29.")


def test_whoever_outstays_his_turn_leaves_the_next_one_alone(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refreshing, "PATIENCE", 0.0)
    late = refreshing._turn(account.pk)
    assert late.__enter__()
    monkeypatch.setattr(refreshing, "PATIENCE", 60.0)
    with refreshing._turn(account.pk) as mine:
        late.__exit__(None, None, None)
        with refreshing._turn(account.pk) as third:
            assert mine and not third


def test_a_delegation_keeps_its_tokens_too(account: Account, gmail: Gmail) -> None:
    key = gmail.ask("service-account")
    connect(account.owner, gmail.email, service_account_grant(key))
    first = refreshed(account)
    opened = open_credentials(Account.objects.get(pk=account.pk))
    assert opened.valid and opened.token == first
    assert calls(gmail) == 1
    assert kept(account)["info"] == key
    assert isinstance(opened, credentials.KeptDelegation)
