"""What is kept of a mail for its search, what the index makes of it, what is asked for: on whatever server."""

import os
import random
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection

from mailsync.indexing.words import MOST_BODY, MOST_NAMES, cut, is_exact, passage, searched, tsquery

LOCALES = {
    "c": "LOCALE 'C' LOCALE_PROVIDER libc",
    "c_utf8": "LOCALE 'C.UTF-8' LOCALE_PROVIDER libc",
    "en_us": "LOCALE 'en_US.UTF-8' LOCALE_PROVIDER libc",
    "icu": "LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'ja'",
}
MOST_OF_A_VECTOR = 1 << 20  # bytes of its words: what a word's place has bits for
DEFINITION = "SELECT pg_get_functiondef('mailsync_terms'::regproc)"


def test_a_mail_is_three_lines_of_words() -> None:
    found = searched("Lunch?", ["Zoë", "zoe@example.com"], "See  you\nｔｈｅｒｅ, at_10:30")
    assert found == " lunch \n zoë zoe example com \n see you there at 10 30 "
    assert searched("", [], "") == "  \n  \n  "


def test_a_run_has_a_mark_and_words_beside_it_none() -> None:
    assert cut("我的iPhone手机,2024年会~x") == ["~我的", "iphone", "~手机", "2024", "~年会", "x"]


def test_vowels_that_are_put_on_letters_stay_there_and_a_picture_is_a_word() -> None:
    assert cut("हिन्दी\u200c में great🎉!") == ["हिन्दी", "में", "great", "🎉"]


def test_data_is_not_searched_but_a_long_sentence_is() -> None:
    sentence = "会议" * 200
    assert searched("", [], f"{'A' * 500} {sentence} fine").split() == [f"~{sentence}", "fine"]
    assert tsquery("A" * 500) == "" and len(passage("A" * 500)) == 502


def test_a_passage_ends_with_a_word_but_in_the_middle_of_a_run() -> None:
    assert passage("Lunch, Friday") == " lunch friday "
    assert passage("会议") == "会议"
    assert passage("议 iPhone") == "议 iphone "
    assert passage("iPhone手") == " iphone ~手"
    assert passage("?!") == passage("") == ""


def test_every_word_is_asked_for_and_of_a_run_its_pairs_or_its_letter_by_prefix() -> None:
    assert tsquery("Lunch, Friday") == "'friday' & 'lunch'"
    assert tsquery("议") == "'议':*"
    assert tsquery("2024年 会议室") == "'2024' & '会议' & '年':* & '议室'"
    assert tsquery("会议a", "s") == "'s会议'"


def test_only_one_word_and_two_letters_of_one_run_are_told_by_the_index_alone() -> None:
    assert is_exact("lunch") and is_exact("Lunch!") and is_exact("会") and is_exact("会议")
    assert not any(map(is_exact, ["lunch friday", "a.b", "会议室", "会a", "会 议"]))


@pytest.mark.parametrize("letter", ["ﷺ", "議", "x ", "é\u0301", "𠮷", "🎉", "\u0928\u093f", "ß "], ids=ascii)
def test_what_is_kept_is_bounded_however_much_it_folds_to(letter: str) -> None:
    most = letter * MOST_BODY
    assert len(searched(most[:2_000], [most], most).encode()) <= MOST_BODY + 2 * MOST_NAMES + 8


@pytest.mark.parametrize("script", [(0x20000, 450), (0x4E00, 600), (0x10330, 26), (0x0905, 50)], ids=str)
def test_the_index_takes_the_most_that_any_mail_can_have(db: None, script: tuple[int, int]) -> None:
    """Letters of four bytes and three, each pair or word once: nothing of them is counted twice."""
    first, number = script
    letters = [chr(first + each) for each in range(number)]
    draw = random.Random(1)
    dense = "".join(one + other for one in letters for other in letters) if number > 100 else ""
    dense = dense or " ".join("".join(draw.choices(letters, k=8)) for _ in range(20_000))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT length(terms), (SELECT sum(octet_length(lexeme)) FROM unnest(terms)), mailsync_terms(words) = terms"
            " FROM (SELECT words, mailsync_terms(words) AS terms FROM (SELECT %s AS words) AS mail) AS indexed",
            [searched(dense[:2_000], [dense[1:]], dense)],
        )
        count, size, same = cursor.fetchone()
    assert count > 10_000 and size < MOST_OF_A_VECTOR and same


@pytest.fixture(params=LOCALES)
def server(request: Any, db: None) -> Iterator[psycopg.Connection]:
    """A database of the test's server in another locale, where the system has it, with the function of the index."""
    name = f"locale_{request.param}_{os.getpid()}"
    place = {key: connection.settings_dict[key.upper()] for key in ("host", "port", "user", "password")}
    with connection.cursor() as cursor:
        cursor.execute(DEFINITION)
        (definition,) = cursor.fetchone()
    with psycopg.connect(**place, dbname="postgres", autocommit=True) as outside:
        try:
            outside.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' {LOCALES[request.param]}")
        except psycopg.Error as error:
            pytest.skip(f"this system has no such locale: {error}".strip())
        try:
            with psycopg.connect(**place, dbname=name) as inside:
                inside.execute(definition)
                yield inside
        finally:
            outside.execute(f"DROP DATABASE {name} WITH (FORCE)")


def has(server: psycopg.Connection, words: str, query: str) -> bool:
    found = server.execute("SELECT mailsync_terms(%s) @@ %s::tsquery", [words, query]).fetchone()
    return found == (True,)


def test_the_index_is_the_same_in_every_locale(server: psycopg.Connection) -> None:
    words = searched("会议室iPhone", ["𠮷野家", "Y@EXAMPLE.COM"], "ﾒｰﾙ 회의를 '会\\:* Привет हिन्दी")
    for text in ("会议", "议室", "室", "议", "メール", "𠮷野", "회의", "의를", "iphone", "example", "ПРИВЕТ", "हिन्दी"):
        assert has(server, words, tsquery(text)), text
    for text in ("议会", "楼", "회를", "phone", "exam", "привет2", "हिन"):
        assert not has(server, words, tsquery(text)), text


def test_what_stands_in_a_subject_or_a_name_is_told_from_what_stands_in_mail(db: None) -> None:
    words = searched("下周会议", ["田中 X"], "材料")
    with connection.cursor() as cursor:
        cursor.execute("SELECT tsvector_to_array(mailsync_terms(%s))", [words])
        (terms,) = cursor.fetchone()
    assert set(terms) == (
        {"下周", "周会", "会议", "议", "田中", "中", "x", "材料", "料"}
        | {"s下周", "s周会", "s会议", "s议", "n田中", "n中"}
    )
