import pytest

from gmail.parts import MOST_MESSAGES, MOST_PARTS, Appetite
from gmail.portion import messages_of, portion, weight
from gmail.resources import Ask, Message, Thread
from tests.gmail.buckets import Bucket


def asks(*expected: int) -> list[Ask]:
    return [Ask("thread", str(number), expected=messages) for number, messages in enumerate(expected)]


def message(raw: bytes | None = None, payload: object = None) -> Message:
    return Message("1", "1", (), 1, 1, 1, "", raw, payload)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("expected", "count"),
    [
        ([1] * 60, MOST_PARTS),
        ([4] * 60, MOST_MESSAGES // 4),
        ([60, 30, 30], 2),
        ([5000, 1], 1),
        ([0, -3] * 30, MOST_PARTS),
        ([], 0),
    ],
)
def test_a_batch_is_cut_where_parts_or_messages_end(expected: list[int], count: int) -> None:
    waiting = asks(*expected)
    assert portion(waiting, Appetite(Bucket())) == waiting[:count]


def test_heavy_messages_before_leave_room_for_fewer() -> None:
    appetite = Appetite(Bucket())
    appetite.digested(10, 10 * 1_000_000)
    assert len(portion(asks(*[2] * 30), appetite)) == 4
    assert len(portion(asks(*[1] * 30), appetite)) == 8
    appetite.digested(1, 2_000_000_000)
    assert len(portion(asks(9, 9), appetite)) == 1


def test_the_messages_of_threads_count() -> None:
    one, two = message(b"1"), message(b"2")
    assert list(messages_of([one, Thread("t", 1, (one, two)), ValueError()])) == [one, one, two]


@pytest.mark.parametrize(
    ("counted", "bytes_"),
    [
        (message(raw=b"four"), 4),
        (message(payload={"body": {"data": "abc"}, "parts": [{"body": {"data": "de"}}, {"parts": [{}]}]}), 5),
        (message(payload={"body": None, "parts": [None, 7, {"body": {"data": 5}, "parts": "x"}]}), 0),
        (message(), 0),
    ],
)
def test_a_message_weighs_what_it_carries(counted: Message, bytes_: int) -> None:
    assert weight(counted) == bytes_


def test_a_tree_without_end_is_weighed_without_recursion() -> None:
    tree: dict[str, object] = {"body": {"data": "x"}}
    for _ in range(50_000):
        tree = {"parts": [tree]}
    assert weight(message(payload=tree)) == 1
