"""Keep secrets unreadable in the database."""

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


class Undecryptable(Exception):
    """None of the configured keys opens this secret."""


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError:
        raise ImproperlyConfigured(
            "TOKEN_ENCRYPTION_KEYS must be Fernet keys (32 bytes, base64), newest first."
        ) from None


def encrypt(text: str) -> str:
    """Encrypt with the newest key."""
    return _box(tuple(settings.TOKEN_ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Decrypt with whichever key fits; raises Undecryptable."""
    try:
        return _box(tuple(settings.TOKEN_ENCRYPTION_KEYS)).decrypt(token.encode()).decode()
    except InvalidToken:
        raise Undecryptable("no key of TOKEN_ENCRYPTION_KEYS opens this secret") from None


def renewed(token: str) -> str:
    """The same secret under the newest key; raises Undecryptable."""
    return encrypt(decrypt(token))


class EncryptedTextField(models.TextField):
    """Text that only lies in the database encrypted; an empty one stays empty."""

    def get_prep_value(self, value: Any) -> Any:
        """Encrypt on the way in."""
        return encrypt(value) if value else ""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Decrypt on the way out."""
        return decrypt(value) if value else ""
