"""The doors through which the clock enters."""

from celery import shared_task

from mailsync import erase, revoke, schedule


@shared_task(name="mailsync.tick", ignore_result=True)
def tick() -> None:
    """Start what is due."""
    schedule.tick()


@shared_task(name="mailsync.erase", ignore_result=True)
def erase_some() -> None:
    """Erase a little more of what nobody wants left."""
    erase.tick()


@shared_task(name="mailsync.revoke", ignore_result=True)
def revoke_some() -> None:
    """End grants at Google that nobody needs."""
    revoke.tick()
