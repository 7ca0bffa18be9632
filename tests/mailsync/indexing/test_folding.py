"""What reads alike is alike."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsync.indexing.folding import MOST_MARKS, folded


@pytest.mark.parametrize(
    ("written", "alike"),
    [
        ("Invoice", "INVOICE"),
        ("ｉＰｈｏｎｅ１５", "iPhone15"),
        ("ﾒｰﾙの件", "メールの件"),
        ("ｶﾞｲﾄﾞ", "ガイド"),
        ("Straße", "STRASSE"),
        ("Ζεύς", "ΖΕΎΣ"),
        (unicodedata.normalize("NFD", "회의 자료"), "회의 자료"),
        ("㈱田中", "(株)田中"),
        ("会\u200b议", "会议"),
        ("葛\U000e0100城", "葛城"),
        ("ﬁnal", "final"),
    ],
)
def test_what_reads_alike_is_alike(written: str, alike: str) -> None:
    assert folded(written) == folded(alike)


@given(st.text(st.characters(max_codepoint=0x2000)))
def test_ascii_is_folded_as_everything_else_is(text: str) -> None:
    assert folded(text + "é").removesuffix("é") == folded(text)


def test_as_many_marks_as_a_language_puts_on_a_letter_stay_and_a_stranger_s_thousands_do_not() -> None:
    """To put them in order takes their square: minutes of the longest text that is searched, and nothing is timed here."""
    for marks in ("\u0301\u0316", "\uff9e\u0301", "\u0f73\u0f71"):
        many = folded(f"e{marks * 10_000} e{marks * 5} ende")
        kept = [len(unicodedata.normalize("NFKD", word)) for word in many.split()]
        assert kept[0] <= 2 * MOST_MARKS + 1 and kept[1] >= 11 and many.endswith(" ende")
    assert folded("═" * 100 + "é🎉" + "🎉" * 100) == "═" * 100 + "é🎉" + "🎉" * 100


def test_what_has_few_marks_is_folded_by_unicode_alone() -> None:
    text = "é\u0301\u0316" * 100 + "ﾊﾞﾋﾟ" * 100 + "हिन्दी" * 100 + "—" * 100
    assert folded(text) == unicodedata.normalize("NFKC", text).casefold()
