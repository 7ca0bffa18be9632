"""Publish the newest snapshot of a job, after commit, never in the way of the work."""

import asyncio
import logging
import time

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from syncjobs import loop
from syncjobs.meters import meters
from syncjobs.models import SyncJob
from syncjobs.serializers import snapshot

log = logging.getLogger(__name__)

SEND_SECONDS = 0.5
BREAK_SECONDS = 5.0

_broken_until = 0.0


def group(owner_id: int) -> str:
    """The channel group of everything that one user may see."""
    return f"jobs.{owner_id}"


def publish_fresh(job_id: int) -> SyncJob:
    """Read the job, publish it, return it."""
    job = SyncJob.objects.get(pk=job_id)
    publish(job)
    return job


def publish(job: SyncJob) -> None:
    """Send the whole snapshot: a lost, doubled or late one is harmless, since a client keeps the greatest revision."""
    _tell(job.owner_id, {"type": "job.snapshot", "job": snapshot(job)})


def look_again(owner_id: int) -> None:
    """Let each socket of a user look whether it is still the user's: after a logout, a new password, a deactivation.

    A bell only: a socket looks by itself every twenty seconds.
    """
    _tell(owner_id, {"type": "look.again"})


def _tell(owner_id: int, message: dict) -> None:
    global _broken_until
    if time.monotonic() < _broken_until:
        meters.count("snapshots_dropped")
        return
    try:
        loop.run(_send(owner_id, message), seconds=2 * SEND_SECONDS)
    except (RedisError, OSError, TimeoutError) as error:
        meters.count("snapshots_dropped")
        _broken_until = time.monotonic() + BREAK_SECONDS
        log.warning("cannot publish progress, browsers will poll: %s", type(error).__name__)


async def _send(owner_id: int, message: dict) -> None:
    layer = get_channel_layer()
    async with asyncio.timeout(SEND_SECONDS):
        await layer.group_send(group(owner_id), message)
