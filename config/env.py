"""Read the environment once, failing loudly on nonsense."""

import os
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from gmail import prices
from mailsync.durations import parse_duration

T = TypeVar("T")


def text(name: str, default: str | None = None) -> str:
    """The value of `name`, or the content of the file that `name`_FILE points to; raises when neither is set."""
    path = os.environ.get(f"{name}_FILE")
    value = _file(name, path) if path else os.environ.get(name)
    if value is None or value == "":
        if default is None:
            raise ImproperlyConfigured(f"{name} is not set. See .env.example.")
        return default
    return value


def flag(name: str, default: bool) -> bool:
    """True for 1/true/yes/on, False for 0/false/no/off, in any case."""
    value = text(name, "true" if default else "false").strip().lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")


def number(name: str, default: int, *, minimum: int = 0) -> int:
    """A whole number of at least `minimum`."""
    return _parsed(name, str(default), int, f"a whole number of at least {minimum}", lambda n: n >= minimum)


def limit(name: str, default: int, *, least: int) -> int:
    """A whole number of at least `least`, or 0 for no limit."""
    wanted = f"a whole number of at least {least}, or 0 for no limit"
    return _parsed(name, str(default), int, wanted, lambda n: n == 0 or n >= least)


def duration(name: str, default: str, *, minimum: float = 1) -> timedelta:
    """A time span such as 90s, 10m, 1h, 2d; bare numbers are seconds."""
    return _parsed(
        name,
        default,
        parse_duration,
        f"a time such as 90s, 10m or 1h, at least {minimum} s",
        (lambda span: span.total_seconds() >= minimum),
    )


def words(name: str, default: str) -> list[str]:
    """A list separated by commas."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def choice(name: str, *allowed: str) -> str:
    """One of the allowed words; the first is the default."""
    return _parsed(name, allowed[0], str, " or ".join(allowed), lambda word: word in allowed)


def price_table(name: str, default: str) -> str:
    """The name of a price table, or a JSON object of units by method."""
    wanted = "2026, 2021 or a JSON object of units by method"
    _parsed(name, default, prices.price_table, wanted, bool)
    return text(name, default)


def address(name: str, default: str, *schemes: str) -> str:
    """A URL of one of `schemes` that names a host, or an empty default."""
    value = text(name, default)
    if value and not _is_address(value, schemes):
        # Without the value, which may hold a password.
        raise ImproperlyConfigured(f"{name} must be a URL such as {schemes[0]}://host:1234.")
    return value


def topic(name: str) -> str:
    """The full name of a Pub/Sub topic, or nothing."""
    value = text(name, "").strip()
    if value and not re.fullmatch(r"projects/[\w.:-]+/topics/[A-Za-z][\w.~+%-]{2,254}", value):
        raise ImproperlyConfigured(f"{name} must be a name such as projects/my-project/topics/gmail, not {value!r}.")
    return value


def origins(name: str) -> list[str]:
    """Addresses of web sites separated by commas, none by default; `*.` may stand for subdomains."""
    found = words(name, "")
    if not all(_is_address(each.replace("*.", ""), ("https", "http")) for each in found):
        raise ImproperlyConfigured(f"{name} must be addresses such as https://mail.example.com, separated by commas.")
    return found


def fernet_keys(name: str) -> list[str]:
    """Fernet keys separated by commas, at least one."""
    keys = words(name, "") or [text(name)]
    try:
        for key in keys:
            Fernet(key)
    except ValueError:  # which the value does not appear in: it is a secret
        raise ImproperlyConfigured(f"{name} must be Fernet keys (32 bytes, base64), newest first.") from None
    return keys


def _is_address(url: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is no number, the brackets are no IPv6
        return False


def _parsed(name: str, default: str, parse: Callable[[str], T], wanted: str, valid: Callable[[T], bool]) -> T:
    value = text(name, default)
    try:
        parsed = parse(value)
    except ValueError:
        parsed = None
    if parsed is None or not valid(parsed):
        raise ImproperlyConfigured(f"{name} must be {wanted}, not {value!r}.")
    return parsed


def _file(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE cannot be read: {error.strerror}: {path}") from None
    except UnicodeDecodeError:
        raise ImproperlyConfigured(f"{name}_FILE is no text: {path}") from None
