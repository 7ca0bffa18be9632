"""Decide what history means for the mirror, without clock, network or database."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gmail.resources import HistoryRecord, LabelChange

MANY, FEW = 100, 0.1  # of more than so many messages, less than this share is as good as nothing


@dataclass(frozen=True, slots=True)
class Relabel:
    """The last word of history on each label of one message: (record id, whether the label is on)."""

    thread_id: str
    labels: Mapping[str, tuple[int, bool]]

    def applied_to(self, labels: Iterable[str], as_of: int) -> frozenset[str]:
        """The labels after this; records that the labels had already seen change nothing."""
        after = set(labels)
        for label, (record, on) in self.labels.items():
            if record > as_of:
                (after.add if on else after.discard)(label)
        return frozenset(after)

    @property
    def newest(self) -> int:
        """The last record that touched this message."""
        return max(record for record, _ in self.labels.values())


@dataclass(slots=True)
class Changes:
    """One instruction per message, folded from any number of records."""

    added: dict[str, str] = field(default_factory=dict)  # id -> thread id, still there at the end
    deleted: set[str] = field(default_factory=set)
    relabelled: dict[str, Relabel] = field(default_factory=dict)
    unclear: dict[str, str] = field(default_factory=dict)  # id -> thread id: relabelled, and Gmail does not say how

    def __len__(self) -> int:
        return len(self.added) + len(self.deleted) + len(self.relabelled) + len(self.unclear)

    @property
    def alive(self) -> dict[str, str]:
        """What is still there at the end, with its thread."""
        return {id_: each.thread_id for id_, each in self.relabelled.items()} | self.unclear | self.added


def fold(records: Iterable[HistoryRecord]) -> Changes:
    """Fold records, oldest first, to one instruction per message: what was added and deleted costs nothing.

    A message that was added may be relabelled too: where it is held already it is not fetched again, and where it is fetched
    now it comes with labels newer than these records, which then change nothing.
    """
    changes = Changes()
    labels: dict[str, dict[str, tuple[int, bool]]] = {}
    threads: dict[str, str] = {}
    for record in records:
        for ref in record.added:
            changes.added[ref.id] = ref.thread_id
            changes.deleted.discard(ref.id)
        for ref in record.deleted:
            changes.added.pop(ref.id, None)
            labels.pop(ref.id, None)
            changes.unclear.pop(ref.id, None)
            changes.deleted.add(ref.id)
        _note(labels, threads, record.id, record.labels_added, True)
        _note(labels, threads, record.id, record.labels_removed, False)
        for note in (*record.labels_added, *record.labels_removed):
            if not note.label_ids:
                changes.unclear[note.message_id] = note.thread_id
    changes.relabelled = {id_: Relabel(threads[id_], ops) for id_, ops in labels.items() if id_ not in changes.deleted}
    return changes


def _note(labels: dict, threads: dict, record: int, notes: Iterable[LabelChange], on: bool) -> None:
    for note in (note for note in notes if note.label_ids):
        threads[note.message_id] = note.thread_id
        words = labels.setdefault(note.message_id, {})
        words.update(dict.fromkeys(note.label_ids, (record, on)))


def is_suddenly_empty(listed: int, mirrored: int) -> bool:
    """Whether so much of the mirror is not listed any more, and history does not say why, that a person should confirm it."""
    return listed == 0 < mirrored or (mirrored > MANY and listed < mirrored * FEW)


def percentage(done: int, total: int, *, ceiling: float) -> float:
    """How far the bar stands while `done` of `total` are done; never more than `ceiling`."""
    return ceiling * min(done / total, 1.0) if total > 0 else 0.0
