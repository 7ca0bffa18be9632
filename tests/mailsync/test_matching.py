"""A search in a script without blanks finds the mail that contains what was asked for, and only that."""

import random
import re
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from mailsync import messages
from mailsync.models import Account, Message
from mailsync.search import search
from mailsync.search.query import matching
from tests.mailsync.mirror import sync
from tests.mailsync.simulated import Gmail

RUN = re.compile("[\u3041-\u30ff\u4e00-\u9fff\uac00-\ud7a3]+")
ASKINGS = 300
LONG = "".join(f"第{number}段会议记录。" for number in range(9_000))  # more places than a search vector can count
LETTERS: dict[str, dict[str, Any]] = {
    "meeting": {"subject": "下周会议", "text": "请准备材料。", "from": "田中太郎 <tanaka@example.com>"},
    "inside": {"subject": "Notes", "text": "我们今天 开会，讨论2024年会的iPhone手机和会议室。"},
    "apart": {"subject": "Apart", "text": "大会的议程：会 议。今天不开会\n议题", "to": "鈴木花子 <suzuki@example.com>"},
    "wide": {"subject": "ﾐｰﾃｨﾝｸﾞ 資料", "text": "ＩＰＨＯＮＥ手机 のご案内", "to": "ﾀﾅｶ <t@example.com>"},
    "korean": {"subject": "안내", "text": "내일 회의를 시작합니다. 사회 의제"},
    "thai": {"subject": "แจ้งการประชุม", "text": "เราจะประชุมพรุ่งนี้ที่ห้อง2กำหนดการ", "from": "สมชาย <s@example.com>"},
    "latin": {"subject": "Meeting", "text": "An iPhone for the annual meeting 2024"},
    "long": {"subject": "Minutes", "text": LONG + "最后一页的结论"},
    "pairs": {"subject": "Pairs", "text": "会议、议室"},
    "khmer": {"subject": "ភាសា\u200bខ្មែរ", "text": "Khmer", "from": "葛\U000e0100城 <k@example.com>"},
    "rare": {"subject": "𠮷野家の件", "text": "甲" * 500 + "乙" + "A" * 400},
}


@pytest.fixture
def ask(account: Account, gmail: Gmail) -> Callable[[str], set[str]]:
    """ask(q): the names of the LETTERS that it finds."""
    gmail.delete(gmail.ids())
    letters = [{"from": "eva@example.com", "to": gmail.email, **each} for each in LETTERS.values()]
    names = dict(zip(gmail.control("deliver", email=gmail.email, messages=letters)["ids"], LETTERS, strict=True))
    sync(account)
    return lambda q: {names[row.gmail_id] for row in search(Message.objects.filter(account=account), q, [account])}


ASKED = {
    "会议": {"meeting", "inside", "long", "pairs"},
    "会议室": {"inside"},
    "议": {"meeting", "inside", "long", "apart", "pairs"},
    "议室会": set(),
    "今天 开会": {"inside", "apart"},
    '"今天 开会"': {"inside"},
    "“今天 开会”": {"inside"},
    "iPhone手机": {"inside", "wide"},
    "iphone": {"inside", "wide", "latin"},
    "ｉＰｈｏｎｅ": {"inside", "wide", "latin"},
    "2024年会": {"inside"},
    "2023年会": set(),
    "2024": {"inside", "latin", "long"},
    "ミーティング": {"wide"},
    "ﾐｰﾃｨﾝｸﾞ": {"wide"},
    "회의": {"korean"},
    "의제": {"korean"},
    "ประชุม": {"thai"},
    "พรุ่งนี้ที่": {"thai"},
    "กำหนด": {"thai"},
    "ห้อง2": {"thai"},
    "ประ ชุม": {"thai"},
    '"ประ ชุม"': set(),
    "subject:ประชุม": {"thai"},
    "subject:พรุ่งนี้": set(),
    "from:สมชาย": {"thai"},
    "ភាសាខ្មែរ": {"khmer"},
    "subject:ភាសាខ្មែរ": {"khmer"},
    "subject:ភាសា\u200bខ្មែរ": {"khmer"},
    "from:葛城": {"khmer"},
    "𠮷野": {"rare"},
    "甲甲甲乙": {"rare"},
    "乙甲": set(),
    "第8999段会议记录": {"long"},
    "第9000段会议记录": set(),
    "最后一页的结论": {"long"},
    "会议 -会议室": {"meeting", "long", "pairs"},
    "会议室 OR 회의": {"inside", "korean"},
    "{会议室 회의}": {"inside", "korean"},
    "-会": {"wide", "korean", "thai", "khmer", "latin", "rare"},
    "subject:会议": {"meeting"},
    "subject：会议": {"meeting"},
    "subject:ミーティング": {"wide"},
    "-subject:会议 会议": {"inside", "long", "pairs"},
    "from:田中": {"meeting"},
    "from:鈴木": set(),
    "to:鈴木花子": {"apart"},
    "to:タナカ": {"wide"},
    "cc:ﾀﾅｶ": set(),
    "subject:(下周 会议)": {"meeting"},
    'subject:"下周会议"': {"meeting"},
    "larger:会议": set(),
    "会议_": {"meeting", "inside", "long", "pairs"},
    "会_议": {"apart"},
    "会%室": set(),
    "subject:会_": set(),
    'subject:"会议 下周"': set(),
}


def test_a_search_for_a_two_character_chinese_word_finds_the_mails_that_contain_it_and_only_those(
    ask: Callable[[str], set[str]],
) -> None:
    assert ask("会议") == {"meeting", "inside", "long", "pairs"}
    found = {q: ask(q) for q in ASKED}
    assert found == ASKED


def test_what_is_found_is_what_contains_it(account: Account, gmail: Gmail) -> None:
    known(account, gmail, 400)
    texts = {row.gmail_id: as_read(row) for row in Message.objects.filter(account=account)}
    runs = [run for text in sorted(texts.values()) for run in RUN.findall(text)]
    draw, hits = random.Random(3), 0
    for word in (word_of(draw, draw.choice(runs)) for _ in range(ASKINGS)):
        found = search(Message.objects.filter(account=account), f"{word} in:anywhere", [account])
        wanted = {gmail_id for gmail_id, text in texts.items() if alike(word) in text}
        assert {row.gmail_id for row in found} == wanted, word
        hits += bool(wanted)
    assert ASKINGS * 0.7 < hits < ASKINGS * 0.95


def test_what_the_index_leads_to_is_what_each_row_says_of_itself(account: Account, gmail: Gmail) -> None:
    """Words, neighbours, parts of addresses, whatever stands between: in every shape that a query has."""
    known(account, gmail, 400)
    mail = Message.objects.filter(account=account)
    texts = [as_read(row).split() for row in mail.order_by("pk")]
    draw, met = random.Random(5), 0
    for _ in range(ASKINGS // 3):
        one, other = draw.choice(texts), draw.choice(texts)
        at = draw.randrange(len(one))
        phrase = " ".join(one[at : at + draw.randint(1, 3)]).replace('"', "")
        word = draw.choice(other)
        q = draw.choice(["{0}", '"{0}"', "{0} OR {1}", "{0} -{1}", '("{0}" {1}) OR -{1}', '-"{0}" {1}']).format(
            phrase, word
        )
        match = matching(q, [account])
        assert set(mail.filter(match.by_index())) == set(mail.filter(match.met)), q
        met += mail.filter(match.met).exists()
    assert met > ASKINGS / 6


def known(account: Account, gmail: Gmail, number: int) -> None:
    """So much mail more, which the planner has heard of: it would make the terms of each row rather than ask the index."""
    gmail.deliver(number)
    sync(account)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE mailsync_message")


def as_read(row: Message) -> str:
    """All that a reader sees of a mail, part by part."""
    people = [row.sender_name, row.sender_email, *(each[key] for each in [*row.to, *row.cc] for key in each)]
    files = [each["filename"] for each in row.attachments]
    read = messages.body(row)
    assert read is not None
    return "\n".join(map(alike, [row.subject, *people, *files, read.text]))


def alike(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def word_of(draw: random.Random, run: str) -> str:
    """Some letters in a row of it, one time in four in another order: nothing of most mail."""
    start = draw.randrange(len(run))
    word = run[start : start + draw.randint(1, 6)]
    return word[1:] + word[0] if draw.random() < 0.25 else word
