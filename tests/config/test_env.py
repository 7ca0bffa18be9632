from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env


def test_an_unset_or_empty_value_takes_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THING", raising=False)
    assert env.text("THING", "else") == "else"
    monkeypatch.setenv("THING", "")
    assert env.text("THING", "else") == "else"
    with pytest.raises(ImproperlyConfigured, match="THING is not set"):
        env.text("THING")


def test_a_secret_may_lie_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from the file\n")
    monkeypatch.setenv("THING", "from the environment")
    monkeypatch.setenv("THING_FILE", str(tmp_path / "secret"))
    assert env.text("THING") == "from the file"
    (tmp_path / "binary").write_bytes(b"\xd0\x00")
    monkeypatch.setenv("THING_FILE", str(tmp_path / "binary"))
    with pytest.raises(ImproperlyConfigured, match="THING_FILE is no text"):
        env.text("THING")
    monkeypatch.setenv("THING_FILE", str(tmp_path / "missing"))
    with pytest.raises(ImproperlyConfigured, match="THING_FILE cannot be read"):
        env.text("THING")


def test_a_word_of_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THING", raising=False)
    assert env.choice("THING", "this", "that") == "this"
    monkeypatch.setenv("THING", "that")
    assert env.choice("THING", "this", "that") == "that"
    monkeypatch.setenv("THING", "other")
    with pytest.raises(ImproperlyConfigured, match="THING must be this or that"):
        env.choice("THING", "this", "that")


@pytest.mark.parametrize(
    ("value", "meaning"), [("1", True), ("TRUE", True), ("yes", True), ("on", True), ("0", False), ("Off", False)]
)
def test_flags(monkeypatch: pytest.MonkeyPatch, value: str, meaning: bool) -> None:
    monkeypatch.setenv("THING", value)
    assert env.flag("THING", not meaning) is meaning


@pytest.mark.parametrize(
    ("value", "seconds"), [("90s", 90), ("10m", 600), ("1.5h", 5400), ("2d", 172_800), ("45", 45), (" 5 M ", 300)]
)
def test_durations(monkeypatch: pytest.MonkeyPatch, value: str, seconds: float) -> None:
    monkeypatch.setenv("THING", value)
    assert env.duration("THING", "1h") == timedelta(seconds=seconds)


@pytest.mark.parametrize("value", [0, 100, 101])
def test_limits(monkeypatch: pytest.MonkeyPatch, value: int) -> None:
    monkeypatch.setenv("THING", str(value))
    assert env.limit("THING", 6000, least=100) == value


def test_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THING", "a, b,,c ")
    assert env.words("THING", "") == ["a", "b", "c"]


@pytest.mark.parametrize("value", ["2026", "2021", '{"messages.get": 5}'])
def test_price_tables(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("THING", value)
    assert env.price_table("THING", "2026") == value


def test_nonsense_is_refused_with_the_name_of_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    nonsense = {
        "maybe": lambda: env.flag("THING", False),
        "-1": lambda: env.number("THING", 1),
        "1e3": lambda: env.number("THING", 1),
        "99": lambda: env.limit("THING", 6000, least=100),
        "soon": lambda: env.duration("THING", "1h"),
        "0s": lambda: env.duration("THING", "1h"),
        "9999999999d": lambda: env.duration("THING", "1h"),
        "{broken": lambda: env.price_table("THING", "2026"),
        "2027": lambda: env.price_table("THING", "2026"),
        '{"messages.get": -5}': lambda: env.price_table("THING", "2026"),
        '{"messages.fly": 5}': lambda: env.price_table("THING", "2026"),
        "nonsense": lambda: env.address("THING", "", "https"),
        "https://": lambda: env.address("THING", "", "https"),
        "ftp://a.example": lambda: env.address("THING", "", "https"),
        "https://a.example:70000": lambda: env.address("THING", "", "https"),
        "https://a.example, b.example": lambda: env.origins("THING"),
        "a key": lambda: env.fernet_keys("THING"),
    }
    for value, read in nonsense.items():
        monkeypatch.setenv("THING", value)
        with pytest.raises(ImproperlyConfigured, match="THING must be"):
            read()


def test_the_price_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("2026", "2021", '{"messages.get": 5}'):
        monkeypatch.setenv("THING", value)
        assert env.price_table("THING", "2026") == value


def test_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THING", raising=False)
    assert env.address("THING", "", "https") == "" and env.origins("THING") == []
    monkeypatch.setenv("THING", "https://a.example:8443,https://*.b.example")
    assert env.origins("THING") == ["https://a.example:8443", "https://*.b.example"]
    monkeypatch.setenv("THING", "redis://:secret@[::1]:6379/0")
    assert env.address("THING", "", "redis") == "redis://:secret@[::1]:6379/0"
    with pytest.raises(ImproperlyConfigured) as refused:
        env.address("THING", "", "https")
    assert "secret" not in str(refused.value)
