"""Page tokens: where a listing goes on."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from itertools import islice
from typing import TypeVar

from gmail.simulator import refusals

T = TypeVar("T")
DEFAULT, MOST = 100, 500


def size(text: str | None, most: int = MOST) -> int:
    """maxResults: 100 by default, 500 at most. Raises Refusal."""
    if text is None:
        return DEFAULT
    if not is_number(text):
        raise refusals.invalid(f"Invalid value at 'max_results' (TYPE_UINT32), \"{text}\"")
    return min(int(text) or DEFAULT, most)


def is_number(text: str) -> bool:
    """Whether `text` is an unsigned integer of at most 64 bits or so."""
    return text.isascii() and text.isdecimal() and len(text) <= 20


def seal(*values: int) -> str:
    """An opaque token."""
    return urlsafe_b64encode(".".join(map(str, values)).encode()).decode().rstrip("=")


def unseal(token: str, count: int) -> list[int]:
    """The numbers of a token. Raises Refusal."""
    try:
        values = [int(part) for part in urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("ascii").split(".")]
    except ValueError:
        values = []
    if len(values) != count:
        raise refusals.invalid("Invalid pageToken")
    return values


def take(items: Iterator[T], count: int) -> tuple[list[T], T | None]:
    """The first `count` items, with the last of them again if there are more."""
    found = list(islice(items, count))
    more = next(items, None) is not None
    return found, found[-1] if more and found else None
