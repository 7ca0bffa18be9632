"""The letters of a seeded mailbox, placed in time, labelled, never stored."""

from collections.abc import Iterator
from dataclasses import dataclass

from gmail.simulator.letters import plan
from gmail.simulator.letters.compose import compose
from gmail.simulator.letters.draw import mix, share, text_key
from gmail.simulator.mailbox import Message

POSITIONS = 64
"""No conversation is longer; a message's key packs (thread, position, length) in this base."""

EXTRA = (350 << 40) + plan.BIG_FIRST + 1
"""Conversations from this number on are delivered later; the first one of megabytes is far away from it."""

CATEGORIES = {
    "newsletter": "CATEGORY_PROMOTIONS",
    "notification": "CATEGORY_UPDATES",
    "receipt": "CATEGORY_UPDATES",
    "list": "CATEGORY_FORUMS",
    "bounce": "CATEGORY_UPDATES",
}


@dataclass(frozen=True, slots=True)
class Seeded:
    """Mail of `email` made from (seed, thread, position); `present` is in milliseconds since 1970."""

    email: str
    seed: int
    present: int
    messages: int

    @classmethod
    def of(cls, email: str, seed: int, present: int, messages: int) -> "Seeded":
        """The mail of one account: every account of a simulator has its own."""
        return cls(email, mix(seed, text_key(email)), present, messages)

    def mail(self) -> Iterator[Message]:
        """All messages, oldest first, with ids that are unique and grow with time."""
        firsts: dict[int, int] = {}
        previous = 0
        for date, thread, position, length in sorted(self._placed()):
            previous = max(date << 20 | mix(self.seed, thread, position, 12) & 0xFFFFF, previous + 1)
            firsts.setdefault(thread, previous)
            yield self._message(previous, firsts[thread], date, thread, position, length)

    def _placed(self) -> Iterator[tuple[int, int, int, int]]:
        """(internalDate, thread, position, length) of every message, conversation by conversation."""
        left, thread = self.messages, 0
        while left > 0:
            length = min(left, plan.thread_length(self.seed, thread))
            for position, age in enumerate(plan.ages(self.seed, thread, length)):
                yield self.present - age, thread, position, length
            left -= length
            thread += 1

    def _message(self, number: int, root: int, date: int, thread: int, position: int, length: int) -> Message:
        labels = self._labels(thread, position, length, self.present - date)
        size = plan.size(self.seed, thread, position)
        return Message(number, root, date, size, labels, 0, self, (thread * POSITIONS + position) * POSITIONS + length)

    def addition(self, count: int, number: int, date: int, labels: frozenset[str]) -> Message:
        """The `count`-th letter that was not there from the start, alone in its conversation."""
        thread = EXTRA + count
        key = thread * POSITIONS * POSITIONS + 1
        return Message(number, number, date, plan.size(self.seed, thread, 0), labels, 0, self, key)

    def _labels(self, thread: int, position: int, length: int, age: int) -> frozenset[str]:
        drawn = plan.thread(self.seed, thread, length)
        luck = [share(self.seed, thread, position, salt) for salt in range(20, 25)]
        if plan.writer(drawn, position) < 0:
            return frozenset({"SENT"} | ({"STARRED"} if luck[0] < 0.02 else set()))
        if drawn.kind == "spam":
            return frozenset({"SPAM", "UNREAD"})
        labels = {CATEGORIES.get(drawn.kind, "CATEGORY_PERSONAL")}
        labels |= (
            {"TRASH"} if luck[1] < 0.02 else {"INBOX"} if luck[1] < (0.95 if age < 30 * plan.DAY else 0.45) else set()
        )
        labels |= {"UNREAD"} if luck[2] < (0.5 if age < 3 * plan.DAY else 0.08) else set()
        labels |= {"STARRED"} if luck[0] < 0.04 else set()
        labels |= {"IMPORTANT"} if luck[3] < 0.2 else set()
        own = share(self.seed, thread, 25)
        return frozenset(labels | {f"Label_{1 + int(own * 40)}"} if own < 0.25 else labels)

    def _thread(self, message: Message) -> tuple[plan.Thread, int]:
        place, length = divmod(message.key, POSITIONS)
        thread, position = divmod(place, POSITIONS)
        return plan.thread(self.seed, thread, length), position

    def raw(self, message: Message) -> bytes:
        """The letter, written anew each time it is asked for."""
        thread, position = self._thread(message)
        return compose(thread, position, owner=self.email, target=message.size, arrived=message.date)

    def snippet(self, message: Message) -> str:
        """The greeting with the first words."""
        thread, position = self._thread(message)
        return f"{thread.tongue.greeting} {plan.opening(thread, position)}"[:180]

    def message_id(self, message: Message) -> str:
        """Its Message-ID header."""
        return plan.message_id(*self._thread(message))
