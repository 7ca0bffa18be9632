"""The secrets that are generated once under the home."""

import base64
import json
import secrets

from config.embedded.errors import CannotStart
from config.embedded.home import Home, write_private

NAMES = ("SECRET_KEY", "TOKEN_ENCRYPTION_KEYS", "POSTGRES_PASSWORD", "VALKEY_PASSWORD")


def load(home: Home) -> dict[str, str]:
    """Every secret of `NAMES`; made at the first start, never again: losing them loses every stored grant."""
    path = home.path / "keys.json"
    if not path.exists():
        write_private(path, _generate())
    try:
        keys = json.loads(path.read_bytes())
        return {name: str(keys[name]) for name in NAMES}
    except (ValueError, KeyError, TypeError):
        raise CannotStart(
            f"MAILSYNC_HOME {home.path} is damaged: {path.name} is unreadable; restore it, or remove all to begin anew."
        ) from None


def _generate() -> dict[str, str]:
    return {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "TOKEN_ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "POSTGRES_PASSWORD": secrets.token_hex(24),
        "VALKEY_PASSWORD": secrets.token_hex(24),
    }
