import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

# In two halves each, or this file would be full of finds itself.
SECRETS = {
    "a private key": ("-----BEGIN RSA PRIVATE", " KEY-----\nMIIEpAIBAAKCAQEAx0x0x0x0x0\n"),
    "a key of Google's": ("GOCSP", "X-b1c2d3e4f5g6h7i8j9k0"),
    "a token of Google's": ("1//", "0gabcdefghijklmnopqrstuvwxyz012345"),
    "a token of GitHub's": ("ghp", "_abcdefghijklmnopqrstuvwxyz0123456789"),
    "a key of Amazon's": ("AKI", "AIOSFODNN7EXAMPLE"),
    "a token of Slack's": ("xox", "b-123456789012-abcdef"),
    "a key of a payment service": ("sk", "_live_abcdefghijklmnop"),
    "a token of a package index": ("pypi-AgEI", "abcdefghijklmnopqrstuvwxyz" * 2),
    "a signed token (JWT)": ("eyJhbGciOiJI", "UzI1NiJ9.eyJzdWIiOiIxMjM0NTY3.dozjgNryP4J3jVmNHl0w5N"),
    "a key of a webhook": ("whsec_MfKQ9r8GKYqrTw", "jUPD8ILPZIo2LaLaSw"),
    "a password in an address": ("postgres://mail:correct", "horse@db.example.com/mail"),
    "a random string": ("kJ8vQ2mX7pR4tY9w", "B3nL6cF1hD5gS0zAeU+iO/xT8bM="),
}


@pytest.fixture(scope="module")
def leaks(load_script: Callable[[str], ModuleType]) -> ModuleType:
    return load_script("leaks")


@pytest.mark.parametrize("what", SECRETS)
def test_each_kind_of_secret_is_found_where_it_stands(leaks: ModuleType, what: str) -> None:
    text = "first = 1\nsecond = '" + "".join(SECRETS[what]) + "'\n"
    assert [(line, found) for line, found, _ in leaks.in_text(text)] == [(2, what)]


def test_every_rule_has_a_sample(leaks: ModuleType) -> None:
    assert set(SECRETS) == set(leaks.RULES)


@pytest.mark.parametrize("length", [32, 48, 60])
def test_keys_as_programs_make_them_are_found(leaks: ModuleType, length: int) -> None:
    key = base64.urlsafe_b64encode(hashlib.sha512(b"made up").digest()[:length]).decode()
    assert [found for _, found, _ in leaks.in_text(f"KEY={key}\n")] == ["a random string"]


@pytest.mark.parametrize(
    "text",
    [
        "postgres://USER:PASSWORD@HOST/NAME and postgres://user:${POSTGRES_PASSWORD}@db",
        "test_what_the_running_version_would_not_survive_is_found",
        "/api/jobs/sync_1_d21f18d5_1795335990/events/",
        "d41d8cd98f00b204e9800998ecf8427e",
        "https://example.com/a/very/long/path/that/Somebody/Wrote/2026/11/28/index",
    ],
)
def test_names_and_addresses_are_no_secrets(leaks: ModuleType, text: str) -> None:
    assert list(leaks.in_text(text)) == []


def test_a_reason_is_asked_for(leaks: ModuleType) -> None:
    text = "# comment\n\na.py 0123456789abcdef made up\nb.py 0123456789abcdef\n"
    assert leaks.explained(text) == {("a.py", "0123456789abcdef")}


def test_an_unpacked_archive_is_searched_without_git(leaks: ModuleType, tmp_path: Path) -> None:
    (tmp_path / ".venv").mkdir()
    for name in ("settings.py", ".venv/secret.py"):
        (tmp_path / name).write_text("")
    assert leaks.tracked(tmp_path) == ["settings.py"]
