import pytest

from gmail.mime import parameters


@pytest.mark.parametrize(
    ("raw", "value", "expected"),
    [
        (b"text/plain", "text/plain", {}),
        (b" Text/HTML; Charset=UTF-8", "text/html", {"charset": "UTF-8"}),
        (b'a/b; name="x; y\\"z.pdf"', "a/b", {"name": 'x; y"z.pdf'}),
        (b"a/b; name=two words.pdf", "a/b", {"name": "two words.pdf"}),
        (b'a/b; name="=?utf-8?Q?=C3=BC.pdf?="', "a/b", {"name": "ü.pdf"}),
        (b"a/b; name*=utf-8'de'%C3%BC.pdf", "a/b", {"name": "ü.pdf"}),
        (b'a/b; name*1=d.pdf; name*0="a b"', "a/b", {"name": "a bd.pdf"}),
        (b"a/b; name*0*=utf-8''%C3; name*1*=%BC; name*2=.pdf", "a/b", {"name": "ü.pdf"}),
        (b"a/b; name*=utf-8''good; name=bad", "a/b", {"name": "good"}),
        (b"a/b; x=1; x=2", "a/b", {"x": "1"}),
        (b"a/b ; ; ; ;", "a/b", {}),
        (b'a/b; name="unclosed', "a/b", {"name": "unclosed"}),
        (b"", "", {}),
    ],
)
def test_parameters_are_read(raw: bytes, value: str, expected: dict[str, str]) -> None:
    found = parameters.structured(raw, set())
    assert (found.value, found.parameters) == (value, expected)


def test_an_absent_header_is_empty() -> None:
    assert parameters.structured(None, set()) == parameters.Structured()


def test_an_endless_header_is_cut_and_marked() -> None:
    defects: set[str] = set()
    assert parameters.structured(b"a/b" + b";" * 100_000, defects).value == "a/b"
    assert defects == {"header_truncated"}
