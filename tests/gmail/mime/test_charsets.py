import pytest

from gmail.mime import charsets

RUSSIAN = "Привет, как дела у вас сегодня"
CHINESE = "这是一个关于项目进展的重要通知"
TAIWANESE = "這是一個關於專案進度的重要通知"
KOREAN = "안녕하세요 오늘 회의 일정입니다"
JAPANESE = "こんにちは、会議の予定です"
FRENCH = "Réunion déplacée à mercredi, côté café"


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (RUSSIAN, "koi8_r"),
        (RUSSIAN, "cp1251"),
        (CHINESE, "gb18030"),
        (TAIWANESE, "big5hkscs"),
        (KOREAN, "cp949"),
        (JAPANESE, "iso2022_jp_ext"),
        (FRENCH, "cp1252"),
        ("Grüße", "cp1252"),
        (RUSSIAN, "utf-8"),
        (JAPANESE, "utf-8"),
    ],
)
def test_undeclared_text_is_recognised(text: str, codec: str) -> None:
    assert charsets.decode(text.encode(codec)) == (text, f"charset_guessed:{codec}")


def test_plain_ascii_needs_no_guess() -> None:
    assert charsets.decode(b"hello") == ("hello", "")


@pytest.mark.parametrize(
    ("name", "text", "codec"),
    [
        ("gb2312", "朱镕基", "gb18030"),
        ("iso-8859-1", "“quoted” €", "cp1252"),
        ("ks_c_5601-1987", KOREAN, "cp949"),
        ("shift_jis", "①髙", "cp932"),
        ('"UTF-8"', RUSSIAN, "utf-8"),
        ("windows-874", "ไทย", "cp874"),
    ],
)
def test_a_charset_means_what_its_senders_mean(name: str, text: str, codec: str) -> None:
    assert charsets.decode(text.encode(codec), name) == (text, "")


NO_CHARSETS = ["DEFAULT", "%CHARSET", "x-unknown", "base64", "rot13", "a\0b"]
NO_CHARSETS += ["punycode", "undefined", "unicode_escape", "raw-unicode-escape"]


@pytest.mark.parametrize("name", NO_CHARSETS)
def test_a_charset_that_is_none_leaves_a_guess(name: str) -> None:
    assert charsets.decode("Grüße".encode(), name) == ("Grüße", "charset_unknown:utf-8")


def test_a_wrong_charset_is_marked() -> None:
    assert charsets.decode(FRENCH.encode("cp1252"), "utf-8") == (FRENCH, "charset_wrong:cp1252")
    assert charsets.decode(RUSSIAN.encode(), "us-ascii") == (RUSSIAN, "charset_guessed:utf-8")


def test_one_broken_character_does_not_change_the_charset() -> None:
    text, defect = charsets.decode(RUSSIAN.encode()[:-1], "utf-8")
    assert text == RUSSIAN[:-1] + "\ufffd"
    assert defect == "charset_wrong:utf-8"
    text, defect = charsets.decode(CHINESE.encode("gb18030")[:-1], "gb2312")
    assert text.startswith(CHINESE[:-1])
    assert defect == "charset_wrong:gb18030"


def test_nul_and_lone_surrogates_are_replaced() -> None:
    assert charsets.clean("a\0b\udc80c\U0001f600") == "a\ufffdb\ufffdc\U0001f600"
