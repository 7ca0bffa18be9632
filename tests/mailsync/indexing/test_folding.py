"""What reads alike is alike."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsync.indexing.folding import folded


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
