import pytest

from gmail.mime import addresses
from gmail.mime.mail import Address


def read(value: bytes) -> list[tuple[str, str]]:
    return [(address.name, address.email) for address in addresses.mailboxes(value.decode(), set())]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"a@b", [("", "a@b")]),
        (b"Ada L <a@b>", [("Ada L", "a@b")]),
        (b'"Lovelace, \\"Ada\\"" <a@b>, c@d', [('Lovelace, "Ada"', "a@b"), ("", "c@d")]),
        (b"a@b (Ada (the first) L)", [("Ada the first L", "a@b")]),
        (b"=?utf-8?Q?M=C3=BCller=2C_J?= <a@b>", [("Müller, J", "a@b")]),
        (b'"=?utf-8?Q?M=C3=BCller?=" <a@b>', [("Müller", "a@b")]),
        (b"Team: a@b, C <c@d>; e@f", [("", "a@b"), ("C", "c@d"), ("", "e@f")]),
        (b"undisclosed-recipients:;", []),
        (b"<@relay,@other:a@b>", [("", "a@b")]),
        (b"'Ada' <a@b>", [("Ada", "a@b")]),
        (b'"unclosed <a@b>, c@d', [("unclosed", "a@b"), ("", "c@d")]),
        (b"a@b; c@d", [("", "a@b"), ("", "c@d")]),
        (b"Nobody", [("Nobody", "")]),
        (b"<>", []),
        (b"", []),
        (b"Ada <a@b", [("Ada", "a@b")]),
        (b"Ada < a @ b >", [("Ada", "a@b")]),
        (b"Doe, Ada <a@b>, M\xc3\xbcller, J <c@d>", [("Doe, Ada", "a@b"), ("M\u00fcller, J", "c@d")]),
        (b"Nobody, a@b, Somebody", [("Nobody", ""), ("", "a@b"), ("Somebody", "")]),
        (b"Nobody; Ada <a@b>", [("Nobody", ""), ("Ada", "a@b")]),
        (b"A, B, C, D, E <a@b>", [("A", ""), ("B", ""), ("C", ""), ("D", ""), ("E", "a@b")]),
        (b"Nobody, <a@b>", [("Nobody", ""), ("", "a@b")]),
        (b"a@b <a@b>", [("a@b", "a@b")]),
    ],
)
def test_mailboxes_are_found_in_what_people_write(value: bytes, expected: list[tuple[str, str]]) -> None:
    assert read(value) == expected


def test_there_is_an_end_to_a_list() -> None:
    defects: set[str] = set()
    found = addresses.mailboxes("a@b, " * 3000, defects)
    assert len(found) == addresses.MOST_ADDRESSES
    assert found[0] == Address("", "a@b")
    assert defects == {"addresses_truncated"}


def test_a_name_and_an_address_end_where_no_honest_one_is_as_long() -> None:
    """What a search compares letter by letter in each mail it meets: with its marks in order, which takes their square."""
    defects: set[str] = set()
    kept = "n" * addresses.LONGEST_PART
    assert addresses.mailboxes(f"{kept} <{kept}>", defects) == (Address(kept, kept),) and not defects
    found = addresses.mailboxes(f"{kept}n <{kept}n>, {'a@b' * 1000}, c@d", defects)
    assert found == (Address(kept, kept), Address("", ("a@b" * 1000)[: addresses.LONGEST_PART]), Address("", "c@d"))
    assert defects == {"addresses_truncated"}
