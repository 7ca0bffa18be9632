from gmail.parts import MOST_BYTES, MOST_MESSAGES, MOST_PARTS, Appetite
from tests.gmail.buckets import Bucket


def test_a_refusal_halves_the_next_batch_and_success_brings_it_back() -> None:
    appetite = Appetite(Bucket())
    appetite.refused()
    assert appetite.parts == MOST_PARTS // 2
    for _ in range(MOST_PARTS):
        appetite.digested(1, 1000)
    assert appetite.parts == MOST_PARTS


def test_a_batch_always_asks_for_something() -> None:
    appetite = Appetite(Bucket())
    for _ in range(10):
        appetite.refused()
    assert appetite.parts == 1
    appetite.digested(1, 100 * MOST_BYTES)
    assert appetite.parts == 1


def test_the_messages_of_a_batch_fit_its_bytes() -> None:
    appetite = Appetite(Bucket())
    assert appetite.messages == MOST_MESSAGES
    appetite.digested(100, 100 * 400_000)
    assert appetite.messages == MOST_BYTES // 400_000


def test_heavy_messages_make_small_batches() -> None:
    appetite = Appetite(Bucket())
    appetite.digested(4, 4 * 2_000_000)
    assert appetite.parts == MOST_BYTES // 2_000_000


def test_what_passed_when_gmail_found_it_too_much_is_not_exceeded_again() -> None:
    memory = Bucket()
    appetite = Appetite(memory)
    appetite.refused()
    appetite.too_many(passed=18)
    assert appetite.parts == MOST_PARTS // 2
    for _ in range(MOST_PARTS):
        appetite.digested(1, 1000)
    assert appetite.parts == Appetite(memory).parts == 18


def test_where_nothing_passed_half_is_tried() -> None:
    memory = Bucket()
    appetite = Appetite(memory, most=20)
    appetite.refused()
    appetite.too_many(passed=0)
    assert appetite.parts == Appetite(memory).parts == 10
