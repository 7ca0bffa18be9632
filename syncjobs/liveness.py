"""Tell who is alive: a consumer per queue, the beat, Redis."""

from datetime import timedelta

import redis
from django.conf import settings

from syncjobs.clock import SyncNow, in_
from syncjobs.models import Heartbeat, SyncJob
from syncjobs.states import QUEUES

BEAT = "beat"
SILENCE = timedelta(seconds=18)  # three canaries and a bit


def seen(name: str) -> None:
    """Stamp the heartbeat called `name`."""
    Heartbeat.objects.update_or_create(name=name, defaults={"seen_at": SyncNow()})


def queue_name(queue: str) -> str:
    """The name of the heartbeat of a queue's consumers."""
    return f"queue.{queue}"


def is_consumed(queue: str) -> bool:
    """Whether a worker takes from this queue, or all who do are busy with jobs they hold: saturated is not dead."""
    fresh = Heartbeat.objects.filter(name=queue_name(queue), seen_at__gt=in_(-SILENCE)).exists()
    return (
        fresh or SyncJob.objects.filter(queue=queue, lease_until__gt=SyncNow(), heartbeat_at__gt=in_(-SILENCE)).exists()
    )


def ticks() -> bool:
    """Whether the beat ticks, and somebody takes what it sends."""
    return Heartbeat.objects.filter(name=BEAT, seen_at__gt=in_(-SILENCE)).exists()


def report() -> dict[str, bool]:
    """Each part that must work, with whether it does."""
    return {"redis": _redis_answers(), "beat": ticks()} | {f"worker_{queue}": is_consumed(queue) for queue in QUEUES}


def _redis_answers() -> bool:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
    try:
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
    finally:
        client.close()
