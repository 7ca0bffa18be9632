"""The door through which the clock enters."""

from celery import shared_task

from mailsync import schedule


@shared_task(name="mailsync.tick", ignore_result=True)
def tick() -> None:
    """Start what is due."""
    schedule.tick()
