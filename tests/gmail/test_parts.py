from gmail.parts import MOST_BYTES, MOST_MESSAGES, MOST_PARTS, Appetite


def test_a_refusal_halves_the_next_batch_and_success_brings_it_back() -> None:
    appetite = Appetite()
    appetite.refused()
    assert appetite.parts == MOST_PARTS // 2
    for _ in range(MOST_PARTS):
        appetite.digested(1, 1000)
    assert appetite.parts == MOST_PARTS


def test_a_batch_always_asks_for_something() -> None:
    appetite = Appetite()
    for _ in range(10):
        appetite.refused()
    assert appetite.parts == 1
    appetite.digested(1, 100 * MOST_BYTES)
    assert appetite.parts == 1


def test_the_messages_of_a_batch_fit_its_bytes() -> None:
    appetite = Appetite()
    assert appetite.messages == MOST_MESSAGES
    appetite.digested(100, 100 * 400_000)
    assert appetite.messages == MOST_BYTES // 400_000


def test_heavy_messages_make_small_batches() -> None:
    appetite = Appetite()
    appetite.digested(4, 4 * 2_000_000)
    assert appetite.parts == MOST_BYTES // 2_000_000
