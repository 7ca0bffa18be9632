"""Tell how many jobs wait before a job's turn."""

from collections.abc import Iterable

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from syncjobs.models import SyncJob
from syncjobs.states import State


def ahead(jobs: Iterable[SyncJob]) -> dict[int, int]:
    """For each of `jobs` that has not begun, by its key: how many older ones of its queue have not either. One query."""
    waiting = [job.pk for job in jobs if job.state == State.CREATED]
    if not waiting:
        return {}
    older = SyncJob.objects.due().filter(state=State.CREATED, queue=OuterRef("queue"), pk__lt=OuterRef("pk"))
    number = older.order_by().values("queue").annotate(number=Count("pk")).values("number")
    rows = SyncJob.objects.filter(pk__in=waiting).annotate(ahead=Coalesce(Subquery(number), 0))
    return dict(rows.values_list("pk", "ahead"))
