"""What the index and the search know of a mail, on whatever server."""

import json
import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection

from mailsync.indexing.entry import COLUMNS, MOST_SEARCHED, VECTOR, entry
from mailsync.indexing.runs import tsquery

VECTOR_OF = f"SELECT {VECTOR} FROM jsonb_to_recordset(%s) AS row ({COLUMNS})"
LOCALES = {
    "c": "LOCALE 'C' LOCALE_PROVIDER libc",
    "c_utf8": "LOCALE 'C.UTF-8' LOCALE_PROVIDER libc",
    "en_us": "LOCALE 'en_US.UTF-8' LOCALE_PROVIDER libc",
    "icu": "LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'ja'",
}


def test_mail_without_these_scripts_has_words_and_no_text() -> None:
    found = entry("Lunch", ["Zoë", "zoe@example.com"], "See  you\nｔｈｅｒｅ")
    assert found == {
        "heading": "lunch",
        "names": "zoë zoe@example.com",
        "body": "see you there",
        "pairs": [],
        "searched_text": "",
    }


def test_data_is_not_searched_but_a_long_sentence_is() -> None:
    sentence = "会议" * 200
    found = entry("", [], f"{'A' * 500} {sentence} fine")
    assert found["body"] == "fine"
    assert found["searched_text"].split() == [sentence, "fine"]


def test_what_is_searched_is_bounded_however_much_it_folds_to() -> None:
    found = entry("ﷺ" * MOST_SEARCHED, [], "議" * 2 * MOST_SEARCHED)
    assert len(found["searched_text"]) <= 3 * MOST_SEARCHED


def test_the_largest_entry_of_chinese_is_taken(db: None) -> None:
    letters = [chr(0x20000 + number) for number in range(450)]  # four bytes each
    dense = "".join(one + other for one in letters for other in letters)
    with connection.cursor() as cursor:
        cursor.execute(VECTOR_OF, [json.dumps([entry(dense[:2_000], [dense], dense)])])
        assert cursor.fetchone()


@pytest.fixture(params=LOCALES)
def server(request: Any, db: None) -> Iterator[psycopg.Connection]:
    """A database of the test's server in another locale, where the system has it."""
    name = f"locale_{request.param}_{os.getpid()}"
    place = {key: connection.settings_dict[key.upper()] for key in ("host", "port", "user", "password")}
    with psycopg.connect(**place, dbname="postgres", autocommit=True) as outside:
        try:
            outside.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' {LOCALES[request.param]}")
        except psycopg.Error as error:
            pytest.skip(f"this system has no such locale: {error}".strip())
        try:
            with psycopg.connect(**place, dbname=name) as inside:
                yield inside
        finally:
            outside.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_the_index_is_the_same_in_every_locale(server: psycopg.Connection) -> None:
    row = json.dumps([entry("会议室iPhone", ["𠮷野家", "Y@EXAMPLE.COM"], "ﾒｰﾙ 회의를 '会\\:*")])
    for word in ("会议", "议室", "室", "议", "メール", "𠮷野", "회의", "의를", "议会", "楼", "회를"):
        found = server.execute(f"SELECT ({VECTOR_OF}) @@ %s::tsquery", [row, tsquery(word)]).fetchone()
        assert found == (word not in {"议会", "楼", "회를"},), word


def test_words_beside_them_are_words_in_every_locale(server: psycopg.Connection) -> None:
    row = json.dumps([entry("我的iPhone手机", [], "2024年会，Ｔｏｋｙｏです")])
    for word in ("iphone", "2024", "tokyo"):
        asked = f"SELECT ({VECTOR_OF}) @@ plainto_tsquery('simple', %s)"
        assert server.execute(asked, [row, word]).fetchone() == (True,), word
