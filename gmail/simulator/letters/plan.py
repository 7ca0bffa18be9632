"""What is decided about a conversation before a byte of it is written."""

import math
from dataclasses import dataclass
from functools import lru_cache

from gmail.simulator.letters import asian, eastern, european
from gmail.simulator.letters.draw import dice, mix, normal, share
from gmail.simulator.letters.tongue import PARAGRAPHS, Tongue

DAY = 86_400_000
SPAN = 3 * 365 * DAY
SMALLEST, LARGEST = 1_900, 300_000
BIG_EVERY, BIG_FIRST = 350, 37
BIG_SMALLEST, BIG_LARGEST = 1_000_000, 8_000_000

TONGUES = (european.ENGLISH,) * 12 + european.TONGUES + asian.TONGUES * 2 + eastern.TONGUES
LENGTHS = ((0.60, 1, 1), (0.75, 2, 2), (0.85, 3, 3), (0.93, 4, 6), (0.98, 7, 15), (1.01, 16, 60))
LONELY_KINDS = (
    ("personal",) * 6
    + ("newsletter",) * 6
    + ("notification",) * 4
    + ("receipt",) * 3
    + ("list", "invitation", "forward", "bounce", "spam", "sent")
)
DOMAINS = (
    "example.com",
    "example.org",
    "example.net",
    "mail.example.com",
    "studio.example",
    "uni.example",
    "firma.example",
)


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation: its letters differ only in their position, 0 to length - 1."""

    seed: int
    number: int
    length: int
    kind: str
    tongue: Tongue
    subject: str
    people: tuple[tuple[str, str], ...]


def thread_length(seed: int, number: int) -> int:
    """60 : 15 : 10 : 8 : 5 : 2 for 1, 2, 3, 4 to 6, 7 to 15 and 16 to 60 letters."""
    place = share(seed, number, 1)
    low, high = next((low, high) for limit, low, high in LENGTHS if place < limit)
    return low + mix(seed, number, 2) % (high - low + 1)


def ages(seed: int, number: int, length: int) -> list[int]:
    """Milliseconds between the arrival of each letter and the mailbox's present; the whole spans three years."""
    age = int(SPAN * 0.9 * share(seed, number, 3) ** 1.6) if number else 90_000
    found = [age]
    for step in range(length - 1, 0, -1):
        age += _gap(seed, number, step)
        found.append(age)
    return found[::-1]


def _gap(seed: int, number: int, step: int) -> int:
    """How long the letter at `step` took to answer the one before: minutes to days."""
    return 60_000 + int(-math.log(share(seed, number, step, 4)) * DAY / 3)


def size(seed: int, number: int, position: int) -> int:
    """Bytes of the letter: median 5 KB, mean 10 KB; about one in a thousand has megabytes."""
    if number % BIG_EVERY == BIG_FIRST and position == 0:
        return int(BIG_SMALLEST * (BIG_LARGEST / BIG_SMALLEST) ** share(seed, number, 5))
    return min(LARGEST, max(SMALLEST, int(5_000 * math.exp(0.85 * normal(seed, number, position, 6)))))


@lru_cache(maxsize=512)
def thread(seed: int, number: int, length: int) -> Thread:
    """The conversation `number` of the mailbox `seed`, cut to `length` letters."""
    draw = dice(seed, number, 7)
    tongue = draw.choice(TONGUES)
    kind = draw.choice(LONELY_KINDS) if length == 1 else draw.choice(("talk", "talk", "talk", "list"))
    count = min(len(tongue.people), 1 if length == 1 else draw.randint(1, 3))
    people = tuple((name, f"{local}@{draw.choice(DOMAINS)}") for name, local in draw.sample(tongue.people, count))
    subject = _numbered(draw.choice(tongue.subjects), kind, draw.randint(1000, 99999))
    return Thread(seed, number, length, kind, tongue, subject, people)


def _numbered(subject: str, kind: str, number: int) -> str:
    return f"{subject} #{number}" if kind in ("receipt", "notification") else subject


def writer(plan: Thread, position: int) -> int:
    """Which of `people` wrote the letter; -1 is the owner of the mailbox."""
    if plan.kind == "sent":
        return -1
    if plan.length == 1:
        return 0
    turn = mix(plan.seed, plan.number, position, 8)
    return -1 if position and turn % 3 == 0 and plan.kind == "talk" else turn // 3 % len(plan.people)


def message_id(plan: Thread, position: int) -> str:
    """The Message-ID header, known without writing the letter."""
    token = f"{mix(plan.seed, plan.number, position, 9):016x}"
    return f"<{token[:8]}.{plan.number}.{position}.{token[8:]}@mail.example.com>"


def opening(plan: Thread, position: int) -> str:
    """The first paragraph after the greeting: the snippet shows it and the reply quotes it."""
    return plan.tongue.paragraphs[opening_place(plan, position)]


def opening_place(plan: Thread, position: int) -> int:
    """Which of the language's paragraphs is the first."""
    return mix(plan.seed, plan.number, position, 10) % PARAGRAPHS
