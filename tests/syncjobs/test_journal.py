from collections.abc import Callable

from syncjobs import journal
from syncjobs.models import SyncJob, SyncJobEvent


def test_a_line_keeps_its_parameters_and_its_place(running: Callable[..., SyncJob]) -> None:
    job = running()
    journal.note(job, "curtain", journal.Level.WARNING, actor="Anna")
    last = job.events.last()
    assert last is not None and (last.code, last.level, last.params) == ("curtain", "warning", {"actor": "Anna"})


def test_a_crash_loop_does_not_fill_the_disk_yet_the_end_is_written(running: Callable[..., SyncJob]) -> None:
    job = running()
    SyncJobEvent.objects.bulk_create(SyncJobEvent(job=job, code="claimed") for _ in range(journal.MOST_EVENTS - 2))
    for _ in range(3):
        journal.note(job, "rescued")
    assert job.events.count() == journal.MOST_EVENTS
    journal.note(job, "failed", journal.Level.ERROR, reason="POISON")
    assert job.events.last().code == "failed"  # type: ignore[union-attr]
