"""Hold a parsed mail as values."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Address:
    """One correspondent; either half may be empty."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that is not body text; `part_id` is Gmail's ("root" for the message itself), `size` in bytes, decoded."""

    part_id: str
    filename: str
    mime_type: str
    size: int


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """What a reader sees of a message.

    `date` is the Date header in UTC, None without a readable one; `message_id` is without its angle brackets; `text`
    is made from `html` where a mail has no text of its own; `defects` are snake_case marks of what had to be guessed
    or left out.
    """

    subject: str
    from_: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    date: datetime | None
    message_id: str
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    attachments: tuple[Attachment, ...]
    defects: tuple[str, ...]
