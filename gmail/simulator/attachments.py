"""Attachment ids: another one at each reading, of no use after a while."""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

from gmail.simulator import refusals

PREFIX = "ANGjdJ"


def new_id(number: int, part_id: str, *, now: float) -> str:
    """An id for a part of a message, unlike any given before."""
    text = f"{number:x}/{part_id}/{int(now)}/{secrets.token_hex(40)}"
    return PREFIX + urlsafe_b64encode(text.encode()).decode().rstrip("=")


def part_of(attachment_id: str, number: int, now: float, ttl: float) -> str:
    """The partId behind an id that is younger than `ttl` seconds. Raises Refusal."""
    text = attachment_id.removeprefix(PREFIX)
    try:
        owner, part_id, made, _ = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii").split("/")
        fresh = int(owner, 16) == number and now - int(made) < ttl
    except ValueError:
        fresh, part_id = False, ""
    if not fresh:
        raise refusals.invalid("Invalid attachment token")
    return part_id
