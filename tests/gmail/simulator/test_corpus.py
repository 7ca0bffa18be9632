"""Seeded mail is reproducible, exact in size, believable."""

import email
import statistics
import tracemalloc
from collections import Counter
from email.header import decode_header, make_header
from email.message import Message as Mail
from itertools import pairwise

import pytest

from gmail.simulator.corpus import Seeded
from gmail.simulator.letters import plan
from gmail.simulator.mailbox import Mailbox, Message
from tests.gmail.simulator.visitor import NOW

PRESENT = int(NOW * 1000)
THREADS = 20_000


@pytest.fixture(scope="module")
def mail() -> list[Message]:
    return list(Seeded.of("a@example.com", 1, PRESENT, 2_000).mail())


@pytest.fixture(scope="module")
def parsed(mail: list[Message]) -> list[Mail]:
    return [email.message_from_bytes(message.origin.raw(message)) for message in mail if message.size < 200_000]


def test_every_letter_has_exactly_the_size_it_was_planned_with() -> None:
    for seed in range(4):
        for message in Seeded.of("a@example.com", seed, PRESENT, 400).mail():
            assert len(message.origin.raw(message)) == message.size


def test_the_same_seed_gives_the_same_mail_and_another_one_other_mail() -> None:
    def content(seed: int, email: str = "a@example.com") -> list[tuple[int, int, bytes]]:
        mail = Seeded.of(email, seed, PRESENT, 40).mail()
        return [(message.number, message.thread, message.origin.raw(message)) for message in mail]

    assert content(1) == content(1)
    assert not set(content(1)) & set(content(2))
    assert not set(content(1)) & set(content(1, "b@example.com"))


def test_sizes_have_the_median_and_mean_of_real_mail(mail: list[Message]) -> None:
    sizes = [message.size for message in mail]

    assert 4_000 < statistics.median(sizes) < 6_000
    assert 7_500 < statistics.mean(sizes) < 15_000
    assert 1 <= sum(size > 1_000_000 for size in sizes) <= 5
    assert max(sizes) <= plan.BIG_LARGEST


def test_threads_have_the_lengths_of_real_conversations() -> None:
    lengths = Counter(plan.thread_length(1, number) for number in range(THREADS))
    classes = [(1, 1, 60), (2, 2, 15), (3, 3, 10), (4, 6, 8), (7, 15, 5), (16, 60, 2)]

    for low, high, percent in classes:
        seen = sum(lengths[length] for length in range(low, high + 1)) * 100 / THREADS
        assert abs(seen - percent) < 1.5, (low, high, seen)


def test_mail_is_spread_over_three_years_up_to_now(mail: list[Message]) -> None:
    ages = [(PRESENT - message.date) / plan.DAY for message in mail]

    assert 0 < min(ages) < 0.1
    assert 700 < max(ages) < 3 * 366
    assert statistics.median(ages) < 550


def test_ids_are_unique_grow_with_time_and_have_sixteen_digits(mail: list[Message]) -> None:
    numbers = [message.number for message in mail]

    assert numbers == sorted(set(numbers))
    assert {len(message.id) for message in mail} == {16}
    assert max(numbers) < 1 << 63


def test_a_thread_is_named_after_its_first_message_and_answers_refer_to_it(mail: list[Message]) -> None:
    box = Mailbox("a@example.com")
    box.fill(mail)
    longest = max(box.threads.values(), key=len)
    letters = [email.message_from_bytes(box.messages[number].origin.raw(box.messages[number])) for number in longest]

    assert box.messages[longest[0]].thread == longest[0]
    subject = str(make_header(decode_header(letters[0]["Subject"])))
    for earlier, later in pairwise(letters):
        assert later["In-Reply-To"] == earlier["Message-ID"]
        assert str(make_header(decode_header(later["Subject"]))) == f"Re: {subject}"


def test_mail_is_in_many_languages_and_charsets(parsed: list[Mail]) -> None:
    charsets = {charset for mail in parsed for charset in mail.get_charsets() if charset}
    subjects = "".join(str(make_header(decode_header(mail["Subject"]))) for mail in parsed)

    assert {"utf-8", "us-ascii", "iso-2022-jp", "gb2312", "big5", "euc-kr", "koi8-r", "windows-1256"} <= charsets
    for letters in ("会议", "議", "회의", "Встреча", "موعد", "Grüße"):
        assert letters in subjects


def test_mail_has_text_html_and_attachments(parsed: list[Mail]) -> None:
    kinds = Counter(part.get_content_type() for mail in parsed for part in mail.walk())
    encodings = {part["Content-Transfer-Encoding"] for mail in parsed for part in mail.walk()}

    for kind in ("text/plain", "text/html", "multipart/alternative", "multipart/related", "message/rfc822"):
        assert kinds[kind] >= 3, kind
    assert kinds["text/calendar"] >= 1
    assert kinds["multipart/report"] >= 1
    assert {"7bit", "8bit", "quoted-printable", "base64"} <= encodings
    assert sum(1 for mail in parsed if any(part.get_filename() for part in mail.walk())) > 100


def test_text_decodes_to_what_was_written(parsed: list[Mail]) -> None:
    for mail in parsed[:400]:
        for part in mail.walk():
            if part.get_content_maintype() == "text" and part["Content-Transfer-Encoding"]:
                payload = part.get_payload(decode=True)
                assert isinstance(payload, bytes)
                assert payload.decode(part.get_content_charset() or "ascii").strip()


def test_labels_are_those_of_a_lived_in_mailbox(mail: list[Message]) -> None:
    labels = Counter(label for message in mail for label in message.labels)

    for label in ("INBOX", "UNREAD", "STARRED", "SENT", "SPAM", "TRASH", "IMPORTANT", "Label_1", "CATEGORY_PROMOTIONS"):
        assert labels[label] >= 5, label
    assert labels["UNREAD"] < len(mail) / 3
    assert labels["SPAM"] + labels["TRASH"] < len(mail) / 8


def test_a_large_mailbox_is_small_in_memory() -> None:
    tracemalloc.start()
    box = Mailbox("a@example.com")
    box.fill(Seeded.of("a@example.com", 1, PRESENT, 5_000).mail())
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert used / 5_000 < 2_500, "100,000 messages have to fit into 500 MB beside everything else"


def test_one_size_is_found_without_writing_the_letter() -> None:
    assert plan.size(1, plan.BIG_FIRST, 0) >= plan.BIG_SMALLEST
