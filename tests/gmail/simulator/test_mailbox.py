"""State and history without HTTP."""

import pytest

from gmail.simulator.corpus import Seeded
from gmail.simulator.history import Expired
from gmail.simulator.mailbox import Mailbox, Message
from tests.gmail.simulator.visitor import NOW

PRESENT = int(NOW * 1000)


def make(count: int = 50) -> Mailbox:
    box = Mailbox("a@example.com")
    box.fill(Seeded.of("a@example.com", 1, PRESENT, count).mail())
    return box


def newest(box: Mailbox) -> Message:
    return next(box.newest_first())


def test_messages_come_newest_first() -> None:
    order = [(message.date, message.number) for message in make(200).newest_first()]

    assert order == sorted(order, reverse=True)
    assert len(set(order)) == 200


def test_a_listing_goes_on_below_a_value_even_when_that_message_is_gone() -> None:
    box = make()
    order = list(box.newest_first())
    box.delete(order[10].number, NOW)

    rest = list(box.newest_first((order[10].date, order[10].number)))

    assert rest == order[11:]


def test_history_ids_grow_with_gaps() -> None:
    box = make()
    ids = [box.history.next_id() for _ in range(200)]

    assert ids == sorted(set(ids))
    assert ids[-1] - ids[0] > 400


def test_a_label_change_is_recorded_with_the_full_set_after_it() -> None:
    box = make()
    start, message = box.history.current, newest(box)
    before = message.labels

    box.relabel(message.number, ["Label_9"], ["INBOX"], NOW)

    (record,) = box.history.since(start, NOW)
    assert record.gained == {"Label_9"}
    assert record.lost == before & {"INBOX"}
    assert record.labels == message.labels == (before | {"Label_9"}) - {"INBOX"}
    assert message.history_id == record.id == box.history.current


def test_a_change_that_changes_nothing_leaves_no_record() -> None:
    box = make()
    start, message = box.history.current, newest(box)

    box.relabel(message.number, message.labels, ["Label_10"], NOW)

    assert list(box.history.since(start, NOW)) == []
    assert box.history.current == start


def test_deleting_the_last_message_of_a_thread_ends_the_thread() -> None:
    box = make()
    alone = next(m for m in box.newest_first() if len(box.threads[m.thread]) == 1)
    threads = len(box.threads)

    box.delete(alone.number, NOW)

    assert len(box.threads) == threads - 1
    assert alone not in list(box.newest_first())


def test_history_starts_after_the_given_id() -> None:
    box = make()
    box.relabel(newest(box).number, ["Label_9"], [], NOW)
    middle = box.history.current
    box.relabel(newest(box).number, ["Label_10"], [], NOW)

    assert [record.gained for record in box.history.since(middle, NOW)] == [{"Label_10"}]


@pytest.mark.parametrize("offset", [-1_000_000, 1])
def test_history_from_before_memory_or_from_the_future_is_expired(offset: int) -> None:
    box = make()

    with pytest.raises(Expired):
        box.history.since(box.history.current + offset, NOW)


def test_history_is_forgotten_after_its_time() -> None:
    box = make()
    start = box.history.current
    box.relabel(newest(box).number, ["Label_9"], [], NOW)
    after = box.history.current

    assert len(box.history.since(start, NOW + box.history.ttl - 1)) == 1
    with pytest.raises(Expired):
        box.history.since(start, NOW + box.history.ttl + 1)
    assert list(box.history.since(after, NOW + box.history.ttl + 1)) == []


def test_expiring_makes_even_the_current_id_too_old() -> None:
    box = make()
    start = box.history.current

    box.history.expire()

    with pytest.raises(Expired):
        box.history.since(start, NOW)
    assert list(box.history.since(box.history.current, NOW)) == []


def test_history_remembers_the_last_week_of_the_seeded_mail() -> None:
    box = make(500)
    recent = [m for m in box.newest_first() if m.date > newest(box).date - 7 * 86_400_000]

    records = box.history.since(box.history.floor, NOW)

    assert {record.message for record in records} == {message.number for message in recent}
    assert 1 < len(records) < 500
