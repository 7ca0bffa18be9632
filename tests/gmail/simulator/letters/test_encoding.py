"""Text on its way into headers and bodies."""

from base64 import b64decode
from email.header import decode_header, make_header
from email.utils import parseaddr
from quopri import decodestring

import pytest

from gmail.simulator.letters import encoding
from gmail.simulator.letters.plan import TONGUES


@pytest.mark.parametrize("tongue", sorted(set(TONGUES), key=lambda tongue: tongue.code), ids=lambda tongue: tongue.code)
def test_every_language_can_be_written_in_each_of_its_charsets(tongue: encoding.Tongue) -> None:
    texts = (*tongue.sentences, *tongue.subjects, tongue.greeting, tongue.closing, tongue.wrote)
    for charset in tongue.charsets:
        for text in (*texts, *(name for name, _ in tongue.people)):
            assert text.encode(charset).decode(charset) == text


@pytest.mark.parametrize("tongue", sorted(set(TONGUES), key=lambda tongue: tongue.code), ids=lambda tongue: tongue.code)
def test_encoded_words_are_short_enough_and_come_back(tongue: encoding.Tongue) -> None:
    for charset in tongue.charsets:
        for text in tongue.subjects:
            shown = encoding.word(text * 3, charset)
            assert all(len(line) <= 76 for line in shown.split("\r\n")) or text.isascii()
            assert str(make_header(decode_header(shown.replace("\r\n", "")))) == text * 3


def test_a_name_with_a_comma_or_an_apostrophe_is_quoted() -> None:
    assert encoding.address("Tom O'Leary", "t@example.com", "utf-8") == '"Tom O\'Leary" <t@example.com>'
    assert encoding.address("Alice Carter", "a@example.com", "utf-8") == "Alice Carter <a@example.com>"
    assert parseaddr(encoding.address("王小明", "w@example.com", "utf-8"))[1] == "w@example.com"


def test_bodies_survive_their_transfer_encoding() -> None:
    text = "Grüße = über alles\n" * 20

    quoted = encoding.finish(encoding.block(text, "iso-8859-1", "quoted-printable"), "quoted-printable")
    packed = encoding.finish(encoding.block(text, "utf-8", "base64"), "base64")

    assert decodestring(quoted).replace(b"\r\n", b"\n").decode("iso-8859-1") == text
    assert b64decode(packed).decode("utf-8").replace("\r\n", "\n") == text
    assert max(len(line) for line in (quoted + packed).split(b"\r\n")) <= 76
