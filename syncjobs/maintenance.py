"""Wake due jobs, rescue expired leases, prune what is old."""

import logging
from datetime import timedelta

from django.db.models import Q

from syncjobs import dispatch, journal, lifecycle
from syncjobs.clock import in_
from syncjobs.models import SyncJob
from syncjobs.states import FINAL

log = logging.getLogger(__name__)

MOST_AT_ONCE = 200
MANY_LOST = 10
KEEP_FINISHED = timedelta(days=90)


def wake() -> int:
    """Ring for jobs whose wait is over and for which nobody has rung yet. Returns how many."""
    waiting = SyncJob.objects.due().filter(dispatched_at=None, lease_token=None)
    return sum(dispatch.ring(pk) for pk in waiting.order_by("not_before").values_list("pk", flat=True)[:MOST_AT_ONCE])


def sweep() -> int:
    """Ring again where the message was lost, rescue what a lost worker held, cancel what its worker would not.

    Any number may run at once: each step is a compare-and-set. Returns how many jobs it rang for.
    """
    wished = SyncJob.objects.cancelling()
    for job in (wished.unleased() | wished.ignored_for(lifecycle.grace())).order_by("pk")[:MOST_AT_ONCE]:
        lifecycle.cancel_by_force(job)
    unanswered = SyncJob.objects.due().filter(cancel_requested_at=None).unanswered().order_by("dispatched_at")
    rung = [job for job in unanswered[:MOST_AT_ONCE] if dispatch.ring(job.pk)]
    for job in rung:
        journal.note(job, "rung_again" if job.lease_token is None else "worker_lost", journal.Level.WARNING)
    lost = sum(job.lease_token is not None for job in rung)
    if lost >= MANY_LOST:
        log.error("%s jobs lost their workers at once: was a machine lost?", lost)
    return len(rung)


def prune() -> int:
    """Delete jobs that finished long ago, but each resource's last. Returns how many rows went."""
    newest = SyncJob.objects.order_by("resource", "-id").distinct("resource").values("pk")
    old = SyncJob.objects.filter(Q(state__in=FINAL), finished_at__lt=in_(-KEEP_FINISHED)).exclude(pk__in=newest)
    return SyncJob.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:1000])).delete()[0]
