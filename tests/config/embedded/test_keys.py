import stat

import pytest
from cryptography.fernet import Fernet

from config.embedded import keys
from config.embedded.errors import CannotStart
from config.embedded.home import Home


def test_keys_are_made_once_and_kept(home: Home) -> None:
    first = keys.load(home)
    assert set(first) == set(keys.NAMES)
    assert keys.load(home) == first
    assert stat.S_IMODE((home.path / "keys.json").stat().st_mode) == 0o600


def test_the_encryption_key_has_the_32_bytes_that_fernet_wants(home: Home) -> None:
    box = Fernet(keys.load(home)["TOKEN_ENCRYPTION_KEYS"])
    assert box.decrypt(box.encrypt(b"grant")) == b"grant"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"SECRET_KEY": "x"}'])
def test_damaged_keys_are_never_replaced_in_silence(home: Home, content: str) -> None:
    (home.path / "keys.json").write_text(content)
    with pytest.raises(CannotStart, match=r"is damaged: keys\.json is unreadable"):
        keys.load(home)
    assert (home.path / "keys.json").read_text() == content
