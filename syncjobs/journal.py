"""Write a line into a job's log."""

from typing import Any

from syncjobs.models import SyncJob, SyncJobEvent

MOST_EVENTS = 1000  # of one job: a crash loop must not fill the disk
Level = SyncJobEvent.Level


def note(job: SyncJob, code: str, level: SyncJobEvent.Level = Level.INFO, **params: Any) -> None:
    """Append an event, inside the transaction that made it true; errors always, the rest up to a bound."""
    if level != Level.ERROR and SyncJobEvent.objects.filter(job=job).order_by()[MOST_EVENTS - 1 :].exists():
        return
    SyncJobEvent.objects.create(job=job, code=code, level=level, params=params)
