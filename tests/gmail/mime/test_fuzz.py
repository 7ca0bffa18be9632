"""Thousands of damaged mails: none is beyond the readers, none takes longer than its size explains."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC
from random import Random

import pytest

from gmail.mime import ParsedMail, attachment_bytes, from_payload, parse
from gmail.simulator import payload as simulated
from gmail.simulator.corpus import Seeded
from tests.gmail.mime.hazards import HAZARDS
from tests.gmail.mime.mutation import damaged, gnawed
from tests.gmail.mime.test_reader import is_clean, strings

MAILS = 350
LONG_MAILS = 20_000


def letters() -> list[bytes]:
    """Whole mails of every form, and of every kind that is known to hurt."""
    corpus = Seeded.of("a@example.com", 5, 1_795_000_000_000, 120)
    return [corpus.raw(letter) for letter in corpus.mail() if letter.size < 20_000] + list(HAZARDS.values())


def check(mail: ParsedMail) -> None:
    assert "unreadable" not in mail.defects
    assert all(map(is_clean, strings(mail)))
    assert mail.date is None or mail.date.tzinfo is UTC


def mutants(seed: int, count: int) -> Iterator[bytes]:
    dice, whole = Random(seed), letters()
    for _ in range(count):
        yield damaged(dice.choice(whole), dice.choice(whole), dice)


def read_all(seed: int, count: int) -> None:
    for number, raw in enumerate(mutants(seed, count)):
        try:
            mail = parse(raw)
            check(mail)
            for part in mail.attachments[:2]:
                content = attachment_bytes(raw, part.part_id)
                assert content is not None and len(content) == part.size
        except AssertionError as error:
            raise AssertionError(f"mail {number} of seed {seed}: {raw[:2000]!r}") from error


def read_trees(seed: int, count: int) -> None:
    dice = Random(seed)
    trees = [simulated.tree(raw, lambda part_id: "x" + part_id) for raw in letters()]
    for number in range(count):
        tree = gnawed(dice.choice(trees), dice)
        try:
            check(from_payload(tree))
        except AssertionError as error:
            raise AssertionError(f"tree {number} of seed {seed}: {str(tree)[:2000]}") from error


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_damaged_mail_is_read_all_the_same(seed: int) -> None:
    read_all(seed, MAILS)


def test_damaged_trees_are_read_all_the_same() -> None:
    read_trees(1, MAILS)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(10, 16))
def test_much_more_damaged_mail_is_read_all_the_same(seed: int) -> None:
    read_all(seed, LONG_MAILS)
    read_trees(seed, LONG_MAILS)


def test_damage_reaches_every_defect_that_there_is_a_mark_for() -> None:
    """A fuzz run that never leaves the broad road proves little."""
    met = {defect.partition(":")[0] for raw in mutants(4, MAILS) for defect in parse(raw).defects}
    assert met >= {
        "base64_broken",
        "charset_guessed",
        "charset_unknown",
        "charset_wrong",
        "encoding_unknown",
        "head_truncated",
        "head_unseparated",
        "header_charset_guessed",
        "header_charset_unknown",
        "multipart_unclosed",
        "multipart_without_boundary",
        "uuencode_broken",
    }


def boundaries(n: int) -> bytes:
    return b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(n))


# Each makes a mail of a size that is proportional to n.
SHAPES: dict[str, Callable[[int], bytes]] = {
    "blanks between semicolons": lambda n: b"Content-Type: text/html" + b" ;" * n + b"\n\nx",
    "brackets": lambda n: b"From: " + b"(" * n + b"<" * n + b"a@b\n\nx",
    "quotes": lambda n: b"From: " + b'\\"' * n + b"\n\nx",
    "open quotes": lambda n: b'From: "' + b'a" "' * n + b"\n\nx",
    "addresses": lambda n: b"From: " + b"a@b, " * n + b"\n\nx",
    "names without address": lambda n: b"From: " + b"a, " * n + b"<a@b>\n\nx",
    "encoded words": lambda n: b"Subject: " + b"=?utf-8?q?=41?= " * n + b"\n\nx",
    "encoded words that do not end": lambda n: b"Subject: " + b"=?utf-8?q?" * n + b"\n\nx",
    "fields": lambda n: b"A: b\n" * n + b"\nx",
    "folds": lambda n: b"A: b\n" + b" x\n" * n,
    "parameters": lambda n: b"Content-Type: a/b" + b"; a*1=b" * n + b"\n\nx",
    "unclosed script": lambda n: b"Content-Type: text/html\n\n<script>" + b"</script" * n,
    "unclosed tags": lambda n: b"Content-Type: text/html\n\n" + b"<p " * n,
    "unclosed comments": lambda n: b"Content-Type: text/html\n\n" + b"<!--" * n,
    "blank lines of html": lambda n: b"Content-Type: text/html\n\n" + b"<br> \n" * n + b"x",
    "entities": lambda n: b"Content-Type: text/html\n\n" + b"&" * n + b"&amp;" * n,
    "delimiters": lambda n: b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\n" * n,
    "near delimiters": lambda n: b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--ab\n" * n,
    "nested parts": lambda n: boundaries(999) + b"x\n" * n,
    "high bytes": lambda n: b"\n" + b"\xe4\xff" * n,
    "broken base64": lambda n: b"Content-Transfer-Encoding: base64\n\n" + b"A*" * n + b"A",
    "soft line ends": lambda n: b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=\n" * n,
    "uuencoded lines": lambda n: b"Content-Transfer-Encoding: x-uuencode\n\nbegin 644 x\n" + b"#0V%T\n" * n,
    "escapes of ISO-2022": lambda n: b"\n" + b"\x1b$B\x1b(B" * n,
}


def seconds(raw: bytes) -> float:
    """Of this process, at best of three: a busy machine makes nothing longer."""
    best = float("inf")
    for _ in range(3):
        begin = time.process_time()
        parse(raw)
        best = min(best, time.process_time() - begin)
    return best


@pytest.mark.timeout(60)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_eight_times_the_mail_takes_not_much_more_than_eight_times_the_time(shape: Callable[[int], bytes]) -> None:
    """Linear is a factor of 8, quadratic one of 64; below a millisecond nothing can be told."""
    small = max(0.001, seconds(shape(4_000)))
    assert seconds(shape(32_000)) < 24 * small
