"""Mail that came while the simulator ran, kept as it came."""

import re
from email.utils import formatdate
from html import unescape

from gmail.simulator.letters import encoding
from gmail.simulator.mailbox import Message
from gmail.simulator.payload import content, headers_of, leaves, parsed

HEAD = 65_536
"""Bytes that are read for a snippet."""


class Delivered:
    """Raw bytes by key."""

    def __init__(self) -> None:
        self._raw: dict[int, bytes] = {}

    def keep(self, raw: bytes) -> int:
        """A key for `raw`."""
        key = len(self._raw)
        self._raw[key] = raw
        return key

    def raw(self, message: Message) -> bytes:
        """The bytes as they came."""
        return self._raw[message.key]

    def snippet(self, message: Message) -> str:
        """The first words of the first text part."""
        return first_words(self._raw[message.key])

    def message_id(self, message: Message) -> str:
        """The Message-ID header."""
        return header(self._raw[message.key], "message-id")


def first_words(raw: bytes) -> str:
    """The beginning of the first text, tags taken off."""
    for _, part in leaves(parsed(raw[:HEAD])):
        if part.get_content_maintype() == "text":
            text = content(part)[:4_000].decode("utf-8", "replace")
            if part.get_content_subtype() == "html":
                text = unescape(re.sub(r"(?s)<(style|script).*?</\1>|<[^>]*>", " ", text))
            return " ".join(text.split())[:180]
    return ""


def header(raw: bytes, name: str) -> str:
    """The first header called `name`, or ""."""
    return next((found["value"].strip() for found in headers_of(raw) if found["name"].lower() == name), "")


def write(spec: dict[str, str], owner: str, at: float, number: int) -> bytes:
    """A letter from a few fields: from, to, subject, text, html, in_reply_to; each has a default."""
    lines = [
        f"From: {spec.get('from', 'Alice Carter <alice.carter@example.com>')}",
        f"To: {spec.get('to', owner)}",
        f"Subject: {encoding.word(spec.get('subject', f'Delivered letter {number}'), 'utf-8')}",
        f"Date: {formatdate(at)}",
        f"Message-ID: {spec.get('message_id', f'<{int(at * 1000)}.{number}@mail.example.com>')}",
        *([f"In-Reply-To: {spec['in_reply_to']}"] if "in_reply_to" in spec else []),
        "MIME-Version: 1.0",
        f"Content-Type: text/{'html' if 'html' in spec else 'plain'}; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        "",
        spec.get("html", spec.get("text", f"This is letter {number}.")),
        "",
    ]
    return "\r\n".join(lines).encode("utf-8", "replace")
