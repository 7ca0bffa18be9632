"""A slice of a real pass, with something that happens between its pages."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from mailsync.models import Account, Checkpoint
from mailsync.schedule import request_sync
from mailsync.sync import job
from syncjobs import lifecycle
from syncjobs.context import Context, Report
from syncjobs.errors import Interrupted
from syncjobs.models import SyncJob
from syncjobs.states import Phase, Trigger


class Watched(Context):
    """Calls `after` with the number of each page, once it is committed."""

    after: Callable[[int], None]
    done = 0

    @contextmanager
    def page(self) -> Iterator[Report]:
        with super().page() as report:
            yield report
        self.done += 1
        self.after(self.done)


def watch(account: Account, after: Callable[[int], None]) -> SyncJob:
    """One slice of a full pass to its end, or until `after` raises Interrupted."""
    asked = request_sync(account, trigger=Trigger.BUTTON, full=True).job
    claimed = lifecycle.claim(asked.pk, "worker")
    assert claimed is not None
    context = Watched(claimed)
    context.after = after
    try:
        job.run(context)
        ended = lifecycle.succeed(claimed)
    except Interrupted:
        ended = False
    if not ended:
        lifecycle.release(claimed, wait=timedelta(0), phase=Phase.NEXT_SLICE, code="")
    return SyncJob.objects.get(pk=asked.pk)


def position(account: Account) -> dict:
    """Where the pass stands."""
    found: dict = Checkpoint.objects.get(account=account).position
    return found
