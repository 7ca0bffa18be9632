"""A mailbox made of a folder of .eml files."""

import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

from gmail.simulator import delivered
from gmail.simulator.letters.draw import mix
from gmail.simulator.mailbox import Message

HEAD = 65_536
OLDEST = 631_152_000_000
"""1990 in milliseconds: Date headers before it, or after the present, are not believed."""
DAY = 86_400_000


class Folder:
    """The .eml files under `path` in the order of their names; threads follow In-Reply-To and References."""

    def __init__(self, path: Path, present: int) -> None:
        self._files = sorted(file for file in path.rglob("*.eml") if file.is_file())
        self._present = present
        self._heads = [self._read_head(key) for key in range(len(self._files))]

    def _read_head(self, key: int) -> tuple[int, str, tuple[str, ...], int]:
        """(internalDate, Message-ID, what it answers, size) of one file."""
        with self._files[key].open("rb") as file:
            head = file.read(HEAD)
        found = {name: delivered.header(head, name) for name in ("date", "message-id", "references", "in-reply-to")}
        answers = re.findall(r"<[^<>\s]{1,998}>", f"{found['references']} {found['in-reply-to']}"[:HEAD])
        return self._date(found["date"], key), found["message-id"], tuple(answers[:50]), self._files[key].stat().st_size

    def _date(self, text: str, key: int) -> int:
        try:
            date = int(parsedate_to_datetime(text[:100]).timestamp() * 1000)
        except (ValueError, TypeError, IndexError, OverflowError, OSError):
            date = 0
        return date if OLDEST < date <= self._present else self._present - mix(key) % (3 * 365 * DAY)

    def mail(self) -> Iterator[Message]:
        """All messages, oldest first; every account has the same ones."""
        threads: dict[str, int] = {}
        previous = 0
        for key in sorted(range(len(self._heads)), key=lambda key: self._heads[key][0]):
            date, own, answers, size = self._heads[key]
            previous = max(date << 20 | mix(key, 1) & 0xFFFFF, previous + 1)
            root = next((threads[known] for known in answers if known in threads), previous)
            if own:
                threads.setdefault(own, root)
            labels = {"INBOX", "CATEGORY_PERSONAL"} | ({"UNREAD"} if mix(key, 2) % 8 == 0 else set())
            yield Message(previous, root, date, size, frozenset(labels), 0, self, key)

    def raw(self, message: Message) -> bytes:
        """The file."""
        return self._files[message.key].read_bytes()

    def snippet(self, message: Message) -> str:
        """The first words of the first text part."""
        with self._files[message.key].open("rb") as file:
            return delivered.first_words(file.read(HEAD))

    def message_id(self, message: Message) -> str:
        """The Message-ID header."""
        return self._heads[message.key][1]
