"""The doors through which the clock enters."""

from celery import shared_task

from mailsync import audit, departure, erase, letters, pictures, pushed, revoke, schedule, watch
from mailsync.indexing import reindex
from mailsync.notices import deliver, outbox


@shared_task(name="mailsync.tick", ignore_result=True)
def tick() -> None:
    """Start what is due."""
    schedule.tick()


@shared_task(name="mailsync.erase", ignore_result=True)
def erase_some() -> None:
    """Erase a little more of what nobody wants left, then see off whose it was."""
    erase.tick()
    departure.tick()


@shared_task(name="mailsync.revoke", ignore_result=True)
def revoke_some() -> None:
    """End grants at Google that nobody needs."""
    revoke.tick()


@shared_task(name="mailsync.pushed", ignore_result=True)
def begin_pushed() -> None:
    """Begin what notifications still ask for."""
    pushed.tick()


@shared_task(name="mailsync.watch", ignore_result=True)
def watch_some() -> None:
    """Have Gmail watch mailboxes, or stop."""
    watch.tick()


@shared_task(name="mailsync.reindex", ignore_result=True)
def reindex_some() -> None:
    """Index a little more of what was stored by an older version."""
    reindex.tick()


@shared_task(name="mailsync.prune", ignore_result=True)
def prune() -> None:
    """Delete what is too old to be of use."""
    audit.prune()
    outbox.prune()


@shared_task(name="mailsync.letters", ignore_result=True)
def send_letters() -> None:
    """Send what waits to be sent."""
    letters.tick()


@shared_task(name="mailsync.pictures", ignore_result=True)
def draw_pictures() -> None:
    """Count anew what is drawn of the mailboxes that have changed."""
    pictures.tick()


@shared_task(name="mailsync.notices", ignore_result=True)
def tell() -> None:
    """Tell users what happened."""
    deliver.tick()
