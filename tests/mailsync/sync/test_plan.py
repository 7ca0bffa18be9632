import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmail.resources import HistoryRecord, LabelChange, MessageRef
from mailsync.sync.plan import Changes, fold, is_suddenly_empty, percentage

IDS = ("a", "b", "c")
LABELS = ("INBOX", "UNREAD", "Label_1")
Box = dict[str, tuple[frozenset[str], int]]  # id -> labels, the record they are known from

events = st.tuples(
    st.sampled_from(["added", "deleted", "on", "off"]),
    st.sampled_from(IDS),
    st.sets(st.sampled_from(LABELS), min_size=1),
)


def record(number: int, kind: str, id_: str, labels: set[str]) -> HistoryRecord:
    ref, change = (MessageRef(id_, f"t{id_}"),), (LabelChange(id_, f"t{id_}", tuple(sorted(labels))),)
    if kind == "added":
        return HistoryRecord(number, added=ref)
    if kind == "deleted":
        return HistoryRecord(number, deleted=ref)
    return HistoryRecord(number, **{"labels_added" if kind == "on" else "labels_removed": change})


def possible(story: list[tuple[str, str, set[str]]]) -> list[HistoryRecord]:
    """History as Gmail tells it: nothing happens to mail that is not there; ids never come back."""
    present, gone, records = {"a"}, set(), []
    for number, (kind, id_, labels) in enumerate(story, start=100):
        if kind == "added":
            if id_ in present | gone:
                continue
            present.add(id_)
        elif id_ not in present:
            continue
        elif kind == "deleted":
            present.remove(id_)
            gone.add(id_)
        records.append(record(number, kind, id_, labels))
    return records


def applied(box: Box, changes: Changes) -> Box:
    """What the store does with folded history; new mail is fetched as it is when history was read: here with no label yet."""
    after = {id_: held for id_, held in box.items() if id_ not in changes.deleted}
    for id_ in changes.added:
        after.setdefault(id_, (frozenset(), 0))
    for id_, change in changes.relabelled.items():
        labels, as_of = after[id_]
        after[id_] = (change.applied_to(labels, as_of), max(as_of, change.newest))
    return after


def shown(box: Box) -> dict[str, frozenset[str]]:
    return {id_: labels for id_, (labels, _) in box.items()}


@given(st.lists(events, max_size=25))
def test_folding_and_applying_equals_replaying_one_by_one(story: list[tuple[str, str, set[str]]]) -> None:
    records = possible(story)
    one_by_one: Box = {"a": (frozenset({"INBOX"}), 50)}
    together = dict(one_by_one)
    for each in records:
        one_by_one = applied(one_by_one, fold([each]))
    assert shown(applied(together, fold(records))) == shown(one_by_one)


@given(st.lists(events, max_size=25), st.integers(0, 25))
def test_replaying_a_part_again_changes_nothing(story: list[tuple[str, str, set[str]]], cut: int) -> None:
    records = possible([event for event in story if event[1] == "a" and event[0] in ("on", "off")])
    once = applied({"a": (frozenset({"INBOX"}), 50)}, fold(records))
    assert applied(once, fold(records[cut:])) == once


def test_what_was_added_and_deleted_is_never_fetched() -> None:
    changes = fold([record(1, "added", "b", {"x"}), record(2, "on", "b", {"INBOX"}), record(3, "deleted", "b", {"x"})])
    assert (changes.added, changes.relabelled, changes.deleted) == ({}, {}, {"b"})


def test_records_older_than_the_labels_change_nothing() -> None:
    change = fold([record(10, "off", "a", {"INBOX"}), record(20, "on", "a", {"UNREAD"})]).relabelled["a"]
    assert change.applied_to({"INBOX"}, 15) == {"INBOX", "UNREAD"}
    assert change.applied_to({"INBOX"}, 20) == {"INBOX"}
    assert change.newest == 20


def test_a_bar_stays_below_its_ceiling() -> None:
    assert percentage(0, 0, ceiling=90) == 0
    assert percentage(5, 10, ceiling=90) == 45
    assert percentage(50, 10, ceiling=90) == 90


@pytest.mark.parametrize(
    ("listed", "mirrored", "suspicious"),
    [
        (0, 0, False),
        (0, 1, True),
        (1, 2, False),
        (1, 100, False),
        (10, 101, True),
        (11, 101, False),
        (999, 10_000, True),
    ],
)
def test_a_mailbox_that_lists_almost_nothing_of_much_is_as_good_as_empty(
    listed: int, mirrored: int, suspicious: bool
) -> None:
    assert is_suddenly_empty(listed, mirrored) is suspicious
