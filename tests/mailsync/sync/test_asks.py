from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmail.prices import PRICES
from gmail.resources import Ask
from mailsync.sync.asks import Errand, errands
from mailsync.sync.ports import Wanted

NEW, OLD = PRICES["2026"], PRICES["2021"]


def planned(*wanted: str, most: int = 100, raw: bool = False, prices: Mapping[str, int] = NEW) -> list[str]:
    """ "a1" is message 1 of thread a; answers "a" for the thread, "a1" for the message by itself."""
    found = errands([Wanted(each, each[0]) for each in wanted], raw=raw, prices=prices, most=most)
    return [errand.ask.id for errand in found]


def test_two_messages_of_a_thread_are_asked_for_by_themselves_three_as_a_thread() -> None:
    assert planned("a1", "b1", "a2") == ["a1", "b1", "a2"]
    assert planned("a1", "b1", "a2", "c1", "a3") == ["a", "b1", "c1"]


@pytest.mark.parametrize("prices", [NEW, OLD, NEW | {"threads.get": 90}])
def test_what_is_cheaper_is_a_matter_of_prices_alone(prices: Mapping[str, int]) -> None:
    for count in range(1, 8):
        ids = [f"a{number}" for number in range(count)]
        thread = prices["threads.get"] < count * prices["messages.get"]
        assert planned(*ids, prices=prices) == (["a"] if thread else ids)


def test_every_byte_is_to_be_had_of_single_messages_only() -> None:
    assert planned("a1", "a2", "a3", raw=True) == ["a1", "a2", "a3"]
    assert errands([Wanted("a1", "a")], raw=True, prices=NEW, most=9) == [Errand(Ask("message", "a1", "raw"), ("a1",))]


def test_a_page_never_brings_more_than_it_may() -> None:
    assert planned("b1", "a1", "a2", "a3", most=3) == ["b1", "a1", "a2"]
    assert planned("a1", "a2", "a3", "b1", most=3) == ["a"]


@pytest.mark.parametrize("raw", [True, False])
def test_a_big_message_comes_alone_when_nothing_small_is_left(raw: bool) -> None:
    small, big = Wanted("1", "t"), Wanted("2", "t", large=True)
    assert [each.ids for each in errands([small, big], raw=raw, prices=NEW, most=9)] == [("1",)]
    (alone,) = errands([big, big], raw=raw, prices=NEW, most=9)
    assert alone.alone and alone.ask == Ask("message", "2", "raw" if raw else "full")


def test_messages_without_a_thread_id_are_no_thread() -> None:
    found = errands([Wanted("1"), Wanted("2"), Wanted("3")], raw=False, prices=NEW, most=9)
    assert [each.ask.kind for each in found] == ["message"] * 3


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), max_size=60), st.integers(1, 40), st.booleans())
def test_each_is_brought_once_the_newest_first_at_no_more_than_the_price_of_single_gets(
    mails: list[tuple[int, bool]], most: int, raw: bool
) -> None:
    wanted = [Wanted(str(number), f"t{thread}", large) for number, (thread, large) in enumerate(mails)]
    found = errands(sorted(wanted, key=lambda each: each.large), raw=raw, prices=NEW, most=most)
    ids = [id_ for each in found for id_ in each.ids]
    assert len(ids) == len(set(ids)) <= most
    assert bool(ids) == bool(wanted)
    small = [each.id for each in wanted if not each.large]
    assert len(ids) == (min(most, len(small)) if small else min(1, len(wanted)))
    assert sum(NEW[f"{each.ask.kind}s.get"] for each in found) <= len(ids) * NEW["messages.get"]
    assert not small or ids[0] == small[0]
