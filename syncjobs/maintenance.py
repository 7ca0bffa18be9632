"""Wake due jobs, rescue expired leases, prune what is old."""

from datetime import timedelta

from django.db.models import ExpressionWrapper, F, FloatField, Q
from django.db.models.functions import Extract

from syncjobs import backoff, dispatch, lifecycle
from syncjobs.clock import SyncNow, in_
from syncjobs.models import SyncJob
from syncjobs.states import FINAL

MOST_AT_ONCE = 200
KEEP_FINISHED = timedelta(days=90)


def wake() -> int:
    """Ring for jobs whose wait is over and for which nobody has rung yet. Returns how many."""
    waiting = SyncJob.objects.due().filter(dispatched_at=None, lease_token=None)
    return _ring(waiting.order_by("not_before").values_list("pk", flat=True)[:MOST_AT_ONCE])


def sweep() -> int:
    """Ring again where the message was lost, rescue what a lost worker held, cancel what its worker would not.

    Any number may run at once: each step is a compare-and-set. Returns how many jobs it rang for.
    """
    for job in SyncJob.objects.active().filter(cancel_requested_at__isnull=False)[:MOST_AT_ONCE]:
        lifecycle.cancel_by_force(job)
    due = list(
        SyncJob.objects.due()
        .filter(cancel_requested_at=None)
        .exclude(dispatched_at=None, lease_token=None)  # the wake-up's part
        .annotate(
            silence=ExpressionWrapper(Extract(SyncNow() - F("dispatched_at"), "epoch"), output_field=FloatField())
        )
        .values_list("pk", "silence", "dispatch_count")[:MOST_AT_ONCE]
    )
    return _ring(pk for pk, silence, rung in due if silence is None or silence > backoff.ring_again_after(rung))


def prune() -> int:
    """Delete jobs that finished long ago, but each resource's last. Returns how many rows went."""
    newest = SyncJob.objects.order_by("resource", "-id").distinct("resource").values("pk")
    old = SyncJob.objects.filter(Q(state__in=FINAL), finished_at__lt=in_(-KEEP_FINISHED)).exclude(pk__in=newest)
    return SyncJob.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:1000])).delete()[0]


def _ring(job_ids: object) -> int:
    return sum(dispatch.ring(job_id) for job_id in job_ids)  # type: ignore[attr-defined]
