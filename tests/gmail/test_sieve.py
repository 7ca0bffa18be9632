import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmail.sieve import Sieve


def sift(body: bytes, size: int) -> Sieve:
    sieve = Sieve()
    for start in range(0, len(body), size):
        sieve.feed(body[start : start + size])
    return sieve


@given(st.binary(max_size=200), st.integers(1, 90), st.booleans(), st.sampled_from([None, 2]), st.booleans())
def test_raw_bytes_come_out_whole_however_the_answer_is_cut(
    raw: bytes, size: int, padded: bool, indent: int | None, first: bool
) -> None:
    digits = base64.urlsafe_b64encode(raw).decode()
    value = {"raw": digits if padded else digits.rstrip("=")}
    others = {"id": "1", "snippet": 'she said "raw": "no" \\'}
    body = json.dumps(value | others if first else others | value, indent=indent).encode()
    sieve = sift(body, size)
    assert sieve.found
    assert bytes(sieve.raw) == raw
    assert json.loads(sieve.rest) == {"raw": ""} | others


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_padding_may_be_escaped(size: int) -> None:
    sieve = sift(b'{"raw": "aGk\\u003d", "id": "1"}', size)
    assert bytes(sieve.raw) == b"hi"
    assert json.loads(sieve.rest) == {"raw": "", "id": "1"}


def test_an_answer_without_raw_is_left_alone() -> None:
    sieve = sift(b'{"id": "1"}', 2)
    assert not sieve.found
    assert sieve.rest == b'{"id": "1"}'


def test_a_lonely_digit_is_an_error() -> None:
    with pytest.raises(ValueError, match="base64"):
        sift(b'{"raw": "aGkxx"}', 100)
