import pytest

from gmail.mime import words


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b" plain text ", "plain text"),
        (b" folded\n\tline\r\n  again", "folded line  again"),
        (b"=?utf-8?Q?Gr=C3=BC=C3=9Fe_an_alle?=", "Grüße an alle"),
        (b"=?iso-8859-1?q?caf=E9?= au lait", "café au lait"),
        (b"=?utf-8?B?R3LDvMOfZQ?=", "Grüße"),
        (b"=?UTF-8*en?b?R3LDvMOfZQ==?=", "Grüße"),
        (b"=?utf-8?Q?a?= =?utf-8?Q?b?=\n =?utf-8?Q?c?=", "abc"),
        (b"=?utf-8?Q?a?= b =?utf-8?Q?c?=", "a b c"),
        (b"=?utf-8?B?R3LD?= =?utf-8?B?vMOfZQ==?=", "Grüße"),
        (b"=?gb2312?B?xOM=?= =?utf-8?B?5aW9?=", "你好"),
        (b"=?utf-8?X?abc?= =?utf-8", "=?utf-8?X?abc?= =?utf-8"),
        (b"=?utf-8?Q?two words?=", "two words"),
        (b"bare\rCR", "bare CR"),
    ],
)
def test_a_header_is_one_line_of_text(value: bytes, expected: str) -> None:
    defects: set[str] = set()
    assert text_of(value, defects) == expected
    assert defects == set()


def test_a_line_that_is_text_already_is_unfolded_and_clean() -> None:
    assert words.clean_line(" Gr\u00fc\u00dfe\r\n an\0 alle \ud800") == "Gr\u00fc\u00dfe an\ufffd alle \ufffd"
    assert words.decoded(words.clean_line("=?utf-8?Q?a?=\n =?utf-8?Q?b?="), set()) == "ab"


def text_of(value: bytes, defects: set[str]) -> str:
    return words.decoded(words.unfolded(value, defects), defects)


def test_undeclared_bytes_are_guessed_and_marked() -> None:
    defects: set[str] = set()
    assert text_of("Привет".encode("koi8_r"), defects) == "Привет"
    assert defects == {"header_charset_guessed:koi8_r"}


def test_a_template_left_over_as_charset_is_marked() -> None:
    defects: set[str] = set()
    assert text_of(b"=?%CHARSET?Q?hello?=", defects) == "hello"
    assert defects == {"header_charset_unknown:utf-8"}


def test_broken_base64_is_read_as_far_as_it_goes() -> None:
    defects: set[str] = set()
    assert text_of(b"=?utf-8?B?aGVsbG8X=A?=", defects).startswith("hello")
