from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from mailsync import encryption
from mailsync.encryption import Undecryptable, decrypt, encrypt
from mailsync.models import Account


def key() -> str:
    return Fernet.generate_key().decode()


def test_a_grant_lies_encrypted_in_the_database(anna: User) -> None:
    account = Account.objects.create(owner=anna, email="a@example.com", credentials="the secret")
    with connection.cursor() as cursor:
        cursor.execute("SELECT credentials FROM mailsync_account")
        stored = cursor.fetchone()[0]
    assert "secret" not in stored
    assert Account.objects.get(pk=account.pk).credentials == "the secret"


def test_keys_rotate(settings: Any) -> None:
    old, new = key(), key()
    settings.TOKEN_ENCRYPTION_KEYS = [old]
    before = encrypt("grant")
    settings.TOKEN_ENCRYPTION_KEYS = [new, old]
    assert decrypt(before) == "grant"
    after = encrypt("grant")
    settings.TOKEN_ENCRYPTION_KEYS = [new]
    assert decrypt(after) == "grant"
    with pytest.raises(Undecryptable) as refused:
        decrypt(before)
    assert "grant" not in str(refused.value)


def test_a_key_that_is_none_is_named_at_once(settings: Any) -> None:
    settings.TOKEN_ENCRYPTION_KEYS = ["not a key"]
    with pytest.raises(ImproperlyConfigured) as refused:
        encrypt("x")
    assert "not a key" not in str(refused.value)
    encryption._box.cache_clear()


def test_lists_of_accounts_carry_no_grants(anna: User) -> None:
    Account.objects.create(owner=anna, email="a@example.com", credentials="the secret")
    assert "credentials" in Account.objects.get().get_deferred_fields()
    assert "credentials" in anna.mail_accounts.get().get_deferred_fields()  # type: ignore[attr-defined]
