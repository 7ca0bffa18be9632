"""Cut from what waits to be fetched as much as one batch may hold.

How large answers are shows afterwards only: a batch is bounded by the messages that it is expected to bring, and these
by the size of the ones before. A thread of Gmail's ends at some hundred messages, which nobody promises.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from gmail.parts import Appetite
from gmail.resources import Ask, Message, Thread


def portion(waiting: Iterable[Ask], appetite: Appetite) -> list[Ask]:
    """The first of `waiting` that one batch may hold: at least one."""
    chosen: list[Ask] = []
    messages = 0
    for ask in waiting:
        messages += max(1, ask.expected)
        if chosen and (len(chosen) >= appetite.parts or messages > appetite.messages):
            break
        chosen.append(ask)
    return chosen


def messages_of(answers: Iterable[object]) -> Iterator[Message]:
    """The messages among the answers, those in threads included."""
    for answer in answers:
        if isinstance(answer, Message):
            yield answer
        elif isinstance(answer, Thread):
            yield from answer.messages


def weight(message: Message) -> int:
    """The bytes of a message's content as it came: its raw bytes, or the base64 in its tree of parts."""
    if message.raw is not None:
        return len(message.raw)
    total, left = 0, [message.payload]
    while left:
        part: Any = left.pop()
        if isinstance(part, dict):
            body, parts = part.get("body"), part.get("parts")
            data = body.get("data") if isinstance(body, dict) else None
            total += len(data) if isinstance(data, str) else 0
            left += parts if isinstance(parts, list) else []
    return total
