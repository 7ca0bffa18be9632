"""Ring the doorbell: tell Celery that a job is due, after commit, never in anyone's way."""

import logging
import time

from celery import current_app
from django.db import transaction
from django.db.models import F
from kombu.exceptions import KombuError
from kombu.pools import producers

from syncjobs.clock import SyncNow
from syncjobs.models import SyncJob

log = logging.getLogger(__name__)

RUN_TASK = "syncjobs.run"
EXPIRES = 900  # seconds, by the clocks of two machines: sender writes the moment, worker compares it with its own
BREAK_SECONDS = 10.0  # after a failed ring nobody waits for the broker again for so long: the control worker rings anew

# A worker that listens has all the time of the world; a click that rings has not: socket time-outs of its own, no retry.
_OF_REDIS = {"socket_timeout": 1.0, "socket_connect_timeout": 1.0, "retry_on_timeout": False}
_OF_RABBITMQ = {"read_timeout": 1, "write_timeout": 1}
IMPATIENT = _OF_REDIS | _OF_RABBITMQ

_broken_until = 0.0


def ring_after_commit(job_id: int) -> None:
    """Ring once the surrounding transaction is committed; a failure is logged and never reaches the caller."""
    transaction.on_commit(
        lambda: ring(job_id) and None, robust=True
    )  # a partial has no name, which the log of a failure wants


def ring(job_id: int) -> bool:
    """Send the message if the job is due; True when the broker took it.

    Marked before it is sent: a crash between the two costs a re-ring, the other order could ring for ever.
    """
    if (
        not SyncJob.objects.due()
        .filter(pk=job_id)
        .update(dispatched_at=SyncNow(), dispatch_count=F("dispatch_count") + 1)
    ):
        return False
    queue = SyncJob.objects.values_list("queue", flat=True).get(pk=job_id)
    if _send(job_id, queue):
        return True
    # Not counted: the patience that grows with each ring is for messages that got lost, not for a broker that is away.
    SyncJob.objects.active().filter(pk=job_id, dispatch_count__gt=0).update(
        dispatched_at=None, dispatch_count=F("dispatch_count") - 1
    )
    return False


def _send(job_id: int, queue: str) -> bool:
    global _broken_until
    if time.monotonic() < _broken_until:
        return False
    options = current_app.conf.broker_transport_options | IMPATIENT
    try:
        with producers[current_app.connection_for_write(transport_options=options)].acquire(timeout=1) as producer:
            current_app.send_task(
                RUN_TASK, [job_id], producer=producer, queue=queue, retry=False, ignore_result=True, expires=EXPIRES
            )
    except (KombuError, OSError) as error:
        _broken_until = time.monotonic() + BREAK_SECONDS
        log.warning("cannot ring for job %s, the control worker will: %s", job_id, type(error).__name__)
        return False
    return True
