"""What a search found in a text is marked there, in the letters in which it stands."""

import pytest

from mailsync.search.marking import MOST_MARKED, Marker


@pytest.mark.parametrize(
    ("q", "text", "marked"),
    [
        ("", "a < b", "a &lt; b"),
        ("lunch", "Lunch, lunches & LUNCH", "<mark>Lunch</mark>, lunches &amp; <mark>LUNCH</mark>"),
        ("lunch friday", "Friday lunch", "<mark>Friday</mark> <mark>lunch</mark>"),
        ('"lunch on friday"', "Lunch, on Friday; on friday", "<mark>Lunch, on Friday</mark>; on friday"),
        ("-lunch tea", "lunch and tea", "lunch and <mark>tea</mark>"),
        ("lunch OR tea", "lunch and tea", "<mark>lunch</mark> and <mark>tea</mark>"),
        ("{lunch (tea -milk)}", "lunch tea milk", "<mark>lunch</mark> <mark>tea</mark> milk"),
        ("bob@example.com", "to bob@example.com.", "to <mark>bob@example.com</mark>."),
        ("会议", "下周会议室", "下周<mark>会议</mark>室"),
        ("议", "会议", "会<mark>议</mark>"),
        ("iphone", "我的ＩＰｈｏｎｅ手机", "我的<mark>ＩＰｈｏｎｅ</mark>手机"),
        ("ミーティング", "ﾐｰﾃｨﾝｸﾞ 資料", "<mark>ﾐｰﾃｨﾝｸﾞ</mark> 資料"),
        ("café", "Un cafe\u0301 noir", "Un <mark>cafe\u0301</mark> noir"),
        ("straße", "STRASSE", "<mark>STRASSE</mark>"),
        (
            "strasse tea 会",
            "Straße\u200b x\u200b会, ﬁ tea",
            "<mark>Straße\u200b</mark> x\u200b<mark>会</mark>, ﬁ <mark>tea</mark>",
        ),
        ("has:attachment before:2026/01/01", "attachment", "attachment"),
        ("<b>", "<b>bold</b> b", "&lt;<mark>b</mark>&gt;bold&lt;/<mark>b</mark>&gt; <mark>b</mark>"),
        (".*", "anything", "anything"),
        ("budget", "budget_2024.xls", "<mark>budget</mark>_2024.xls"),
        ("iphone手机", "iPhone 手机壳", "<mark>iPhone 手机</mark>壳"),
        ("🎉 tea", "great🎉tea tea", "great<mark>🎉</mark><mark>tea</mark> <mark>tea</mark>"),
        ("🎉tea", "🎉 🎉_tea 🎊tea", "🎉 <mark>🎉_tea</mark> 🎊tea"),
        ('"会 议"', "会~议", "<mark>会~议</mark>"),
        ("\x00 a\x00b", "a b", "<mark>a</mark> <mark>b</mark>"),
    ],
)
def test_words_are_marked_as_they_are_found(q: str, text: str, marked: str) -> None:
    assert Marker(q).marked(text) == marked


def test_the_value_of_an_operator_is_marked_where_the_operator_looks() -> None:
    marker = Marker("subject:lun from:bob tea")
    assert marker.marked("lunch bob tea", "subject") == "<mark>lun</mark>ch bob <mark>tea</mark>"
    assert marker.marked("lunch bob tea", "from") == "lunch <mark>bob</mark> <mark>tea</mark>"
    assert marker.marked("lunch bob tea") == "lunch bob <mark>tea</mark>"


@pytest.mark.parametrize(
    ("q", "html", "marked"),
    [
        ("tea", '<p title="tea > tea">Tea</p>', '<p title="tea > tea"><mark>Tea</mark></p>'),
        ("p", '<p style="p">p</p>', '<p style="p"><mark>p</mark></p>'),
        ("script", "&lt;script&gt;x", "&lt;<mark>script</mark>&gt;x"),
        ("amp lt", "a &amp; b &lt;i&gt;", "a &amp; b &lt;i&gt;"),
        ("会议", "<b>会议</b>室", "<b><mark>会议</mark></b>室"),
    ],
)
def test_marks_in_html_touch_text_alone(q: str, html: str, marked: str) -> None:
    assert Marker(q).marked_html(html) == marked


def test_a_text_too_long_to_be_looked_through_is_shown_whole() -> None:
    text = "é" * 300_000 + " tea"
    assert Marker("tea").marked(text) == text


@pytest.mark.parametrize(
    ("q", "letters"), [("🎉tea", "🎉"), ("🎉🎉🎉tea", "🎉"), ("ัtea", "ั"), ("tea", "a\u0301\u0316")], ids=ascii
)
def test_no_text_takes_longer_than_its_length_explains(q: str, letters: str) -> None:
    """Its square would be an hour, so nothing is timed here."""
    text = letters * (MOST_MARKED // len(letters))
    assert Marker(q).marked(text) == text
