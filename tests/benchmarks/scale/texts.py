"""Write mail as different as a million letters are: words by Zipf's law in several scripts, numbers and links besides.

The simulator's letters are made of some hundred sentences: an index of them would be far smaller than one of real mail.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

from mailsync.indexing.words import searched

WORDS = 60_000  # of each language
MOST_WORDS = 4_000  # of one letter
MEDIAN_CHARACTERS, SPREAD = 1_050, 1.0  # of the text: with numbers and links 2,000 bytes in the mean, as real mail has
PEOPLE = 3_000  # who write to one mailbox
ONE_TONGUE = 0.97  # of those who meet on a letter speak its language
NEWEST = datetime(2026, 11, 1, 12, tzinfo=UTC)
APART = timedelta(seconds=317)  # between two messages: ten years for a million
SYLLABLES = {
    "en": "an ar be ca con de er ing ion le ma men ness or pre re ser ta ter ti un ver",
    "de": "auf be chen ein er ge gen heit ig keit lich schaft sen ten ung ver vor zeit zu",
    "fr": "ai an bou ce ci de eau eur ment nou ou par que ré sou té tion tre vé",
    "es": "ado al ar ca ción da de do es la ma men mo ña os ra ro ta to",
    "ru": "ва ве го да ение ка ко ли на не ни но ост по пра ре ста те то",
}
SHARES = {"en": 45, "de": 10, "fr": 7, "es": 7, "ru": 6, "zh": 14, "ja": 7, "ko": 4}
FIRST = {  # what searches of the benchmark look for, at ranks where the law puts such words
    "en": {0: "the", 1: "and", 8: "meeting", 40: "invoice", 200: "lisbon", 2_000: "quorum", 30_000: "zeppelin"},
    "de": {0: "und", 20: "rechnung", 300: "sitzung"},
    "fr": {0: "les", 20: "facture"},
    "es": {0: "que", 20: "factura"},
    "ru": {0: "что", 20: "счёт", 300: "договор"},
    "zh": {0: "的", 10: "会议", 60: "发票", 600: "合同书"},
    "ja": {0: "です", 10: "お世話", 60: "請求書"},
    "ko": {0: "그리고", 10: "회의"},
}
ALPHABETS = {"zh": (0x4E00, 2_500), "ja": (0x5000, 1_500), "ko": (0xAC00, 1_800)}
KANA = [chr(0x3042 + number) for number in range(70)]
FILES = ("report", "invoice", "photo", "scan", "budget", "预算", "contract", "Vertrag", "見積書")
KINDS = (
    ("pdf", "application/pdf"),
    ("jpg", "image/jpeg"),
    ("xlsx", "application/vnd.ms-excel"),
    ("zip", "application/zip"),
)
CATEGORIES = (("CATEGORY_PERSONAL", 30), ("CATEGORY_UPDATES", 30), ("CATEGORY_PROMOTIONS", 25), ("CATEGORY_FORUMS", 15))


@dataclass(frozen=True, slots=True)
class Language:
    """Words with how often each comes, and what stands between two."""

    words: Sequence[str]
    weights: Sequence[float]
    blank: str
    length: float  # of a word with its blank, in running text

    def text(self, dice: random.Random, characters: int) -> str:
        """So many characters or a few less."""
        most = min(max(int(characters / self.length), 1), MOST_WORDS)
        words = dice.choices(self.words, cum_weights=self.weights, k=most)
        if not self.blank:  # sentences end: a run is not a whole letter
            words[12::13] = [word + "。" for word in words[12::13]]
        return self.blank.join(words)


def language(code: str) -> Language:
    """The same one in every process."""
    dice = random.Random(code)
    weights = list(accumulate(1 / (rank + 2.7) for rank in range(WORDS)))
    words = [FIRST[code].get(rank) or _word(code, rank, dice) for rank in range(WORDS)]
    blank = "" if code in ("zh", "ja") else " "
    length = sum(len(word) / (rank + 2.7) for rank, word in enumerate(words)) / weights[-1] + len(blank)
    return Language(words, weights, blank, length)


def _word(code: str, rank: int, dice: random.Random) -> str:
    """Frequent words are short."""
    if code in SYLLABLES:
        return "".join(dice.choices(SYLLABLES[code].split(), k=1 + (rank > 60) + (rank > 2_000) + (rank > 20_000)))
    first, number = ALPHABETS[code]
    letters = [chr(first + int(number * dice.random() ** 2)) for _ in range(1 + (rank > 150) + (rank > 20_000))]
    return "".join(letters) + (dice.choice(KANA) * (rank % 3) if code == "ja" else "")


@dataclass
class Writer:
    """Writes the letters of one mailbox: number 0 is the oldest; each is the same whoever writes it."""

    newest: int
    languages: dict[str, Language] = field(default_factory=lambda: {code: language(code) for code in SHARES})
    people: dict[str, list[dict[str, str]]] = field(init=False)

    def __post_init__(self) -> None:
        dice = random.Random("people")
        numbers = {code: range(PEOPLE * share // 100) for code, share in SHARES.items()}
        self.people = {code: [self._person(dice, code, each) for each in numbers[code]] for code in SHARES}

    def letters(self, numbers: Iterator[int] | range) -> Iterator[dict[str, Any]]:
        """Rows as a page of the product carries them, `code` of the language besides."""
        for number in numbers:
            yield self._letter(number, random.Random(number))

    def _at(self, number: int) -> datetime:
        return NEWEST - APART * (self.newest - number)

    def _id(self, number: int) -> str:
        return f"{int(self._at(number).timestamp() * 1000) << 20 | number:016x}"

    def _person(self, dice: random.Random, code: str, number: int) -> dict[str, str]:
        spoken = self.languages[code]
        name = spoken.blank.join(spoken.words[dice.randrange(150, 20_000)] for _ in range(2)).title()
        mailbox = dice.choice(self.languages["en"].words[100:5000])
        return {"name": name, "email": f"{mailbox}{number}@{code}{number % 90}.example"}

    def _someone(self, dice: random.Random, code: str) -> dict[str, str]:
        known = self.people[code if dice.random() < ONE_TONGUE else "en"]
        return known[int(len(known) * dice.random() ** 2.5)]  # a few write most

    def _letter(self, number: int, dice: random.Random) -> dict[str, Any]:
        code = dice.choices(list(SHARES), SHARES.values())[0]
        spoken = self.languages[code]
        characters = int(dice.lognormvariate(0, SPREAD) * MEDIAN_CHARACTERS) // (1 if spoken.blank else 3)
        subject = spoken.text(dice, dice.randrange(15, 60) // (1 if spoken.blank else 3))
        body = spoken.text(dice, characters) + "\n" + _data(dice, number)
        at = self._at(number)
        files = [_file(dice, part) for part in range(dice.randint(1, 3))] if dice.random() < 0.18 else []
        sender = self._someone(dice, code)
        to = [self._someone(dice, code) for _ in range(dice.choices((1, 2, 5), (80, 15, 5))[0])]
        cc = [self._someone(dice, code) for _ in range(dice.choices((0, 1, 4), (85, 10, 5))[0])]
        names = [part for who in (sender, *to, *cc) for part in who.values()] + [file["filename"] for file in files]
        return {
            "code": code,
            "gmail_id": self._id(number),
            "thread_id": self._id(number - number % 3),
            "labels": sorted(_labels(dice, self.newest - number)),
            "labels_as_of": number + 1,
            "history_id": number + 1,
            "internal_date": at.isoformat(),
            "size": 3 * characters + 4_000 + sum(file["size"] for file in files),
            "snippet": body[: 180 if spoken.blank else 90].replace("\n", " "),
            "subject": subject,
            "sender_name": sender["name"],
            "sender_email": sender["email"],
            "to": to,
            "cc": cc,
            "date": at.isoformat(),
            "message_id": f"<{dice.getrandbits(96):024x}.{number}@{number % 400}.example>",
            "has_attachments": bool(files),
            "attachments": files,
            "defects": [],
            "words": searched(subject, names, body),
        }


def _data(dice: random.Random, number: int) -> str:
    """What is not language: a number of an order, links with a token, in half of all mail."""
    if dice.random() < 0.5:
        return f"case{number} topic{number % 997}"
    links = (
        f"https://click.{dice.randrange(400)}.example/r/{dice.getrandbits(64):016x}?u={number % 7}" for _ in range(3)
    )
    return f"case{number} topic{number % 997} #{dice.randrange(10**9)} " + " ".join(links)


def _file(dice: random.Random, part: int) -> dict[str, Any]:
    ending, kind = dice.choice(KINDS)
    name = f"{dice.choice(FILES)}-{dice.randrange(100_000)}.{ending}"
    return {"part_id": str(part + 1), "filename": name, "mime_type": kind, "size": int(dice.lognormvariate(12, 1.5))}


def _labels(dice: random.Random, age: int) -> set[str]:
    luck = [dice.random() for _ in range(7)]
    if luck[0] < 0.12:
        return {"SENT"}
    if luck[0] < 0.15:
        return {"SPAM", "UNREAD"}
    names, shares = zip(*CATEGORIES, strict=True)
    labels = {dice.choices(names, shares)[0]}
    labels |= {"TRASH"} if luck[1] < 0.02 else {"INBOX"} if luck[1] < (0.9 if age < 10_000 else 0.4) else set()
    labels |= {"UNREAD"} if luck[2] < 0.15 else set()
    labels |= {"STARRED"} if luck[3] < 0.02 else set()
    labels |= {"IMPORTANT"} if luck[4] < 0.2 else set()
    return labels | {f"Label_{1 + int(60 * luck[6] ** 3)}"} if luck[5] < 0.3 else labels
