"""Keys that come and go."""

import json
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, transaction

from mailsync import encryption, rotation
from mailsync.encryption import Undecryptable, decrypt
from mailsync.models import Account, AuditEvent, Revocation
from tests.committed import at_once


def key() -> str:
    return Fernet.generate_key().decode()


def stored() -> list[str]:
    """Every encrypted text as the database has it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT credentials FROM mailsync_account WHERE credentials <> '' UNION ALL SELECT token FROM mailsync_revocation"
        )
        return [row[0] for row in cursor.fetchall()]


@pytest.fixture
def keys(settings: Any, anna: User) -> tuple[str, str]:
    """(old, new): some secrets are under the old key, one account has none, the new key comes first now."""
    old, new = key(), key()
    settings.TOKEN_ENCRYPTION_KEYS = [old]
    for number in range(5):
        Account.objects.create(owner=anna, email=f"a{number}@example.com", credentials=f"grant {number}")
    Account.objects.create(owner=anna, email="none@example.com", credentials="")
    Revocation.objects.create(email="gone@example.com", token="last token")
    settings.TOKEN_ENCRYPTION_KEYS = [new, old]
    return old, new


def test_after_it_the_old_key_opens_nothing_and_the_new_one_everything(
    keys: tuple[str, str], settings: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rotation, "CHUNK", 2)
    call_command("rotate_token_keys")
    said = capsys.readouterr().out
    assert "Encrypted anew with the newest key: 6 (" in said and "accounts: 5" in said and "revocations: 1" in said

    settings.TOKEN_ENCRYPTION_KEYS = [keys[0]]
    assert len(stored()) == 6
    for text in stored():
        with pytest.raises(Undecryptable):
            decrypt(text)
    settings.TOKEN_ENCRYPTION_KEYS = [keys[1]]
    held = list(Account.objects.order_by("pk").values_list("credentials", flat=True))
    assert held == [*(f"grant {number}" for number in range(5)), ""]
    assert Revocation.objects.get().token == "last token"
    assert AuditEvent.objects.get(action="keys_rotated").details == {"secrets": 6, "unreadable": 0}


def test_a_secret_under_no_known_key_is_named_and_the_others_are_done(keys: tuple[str, str], settings: Any) -> None:
    settings.TOKEN_ENCRYPTION_KEYS = [key()]
    lost = Account.objects.create(owner=User.objects.get(), email="lost@example.com", credentials="lost")
    settings.TOKEN_ENCRYPTION_KEYS = [keys[1], keys[0]]
    before = len(stored())
    with pytest.raises(CommandError) as told:
        call_command("rotate_token_keys")
    assert f"account {lost.pk}" in str(told.value) and "connect these mailboxes again" in str(told.value)
    settings.TOKEN_ENCRYPTION_KEYS = [keys[1]]
    opened = 0
    for text in stored():
        try:
            decrypt(text)
        except Undecryptable:
            continue
        opened += 1
    assert opened == before - 1


def test_a_token_that_is_refreshed_in_between_is_not_lost(keys: tuple[str, str]) -> None:
    first = Account.objects.earliest("pk").pk

    def refresh() -> None:
        with transaction.atomic():
            account = Account.objects.select_for_update(no_key=True).get(pk=first)
            with connection.cursor() as cursor:  # the other waits for this row by then
                cursor.execute("SELECT pg_sleep(0.5)")
            account.credentials = json.dumps({"token": "fresh"})
            account.save(update_fields=["credentials"])

    def turn_keys() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.2)")
        rotation.rotate(by="test")

    assert at_once([refresh, turn_keys]) == [None, None]
    assert Account.objects.values_list("credentials", flat=True).get(pk=first) == '{"token": "fresh"}'


def test_a_row_that_is_held_for_long_is_waited_for(
    keys: tuple[str, str], monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    first = Account.objects.earliest("pk").pk

    def hold() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            Account.objects.select_for_update(no_key=True).get(pk=first)
            cursor.execute("SELECT pg_sleep(0.6)")

    def turn_keys() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.1); SET lock_timeout = '100ms'")
        rotation.rotate(by="test")

    monkeypatch.setattr(rotation, "PAUSE", 0.2)
    assert at_once([hold, turn_keys]) == [None, None]
    settings.TOKEN_ENCRYPTION_KEYS = [keys[1]]
    assert all(decrypt(text) for text in stored())


def test_every_encrypted_column_is_known() -> None:
    found = {(model.__name__, name) for model, name in rotation.encrypted()}
    assert {("Account", "credentials"), ("Revocation", "token")} <= found
    encryption._box.cache_clear()
