"""Show a user's jobs live over a socket."""

import asyncio
import contextlib
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest
from django.utils import translation

from syncjobs.meters import meters
from syncjobs.models import SyncJob
from syncjobs.progress import group
from syncjobs.serializers import rendered, snapshot

FLUSH_SECONDS = 0.25
REREAD_SECONDS = 20.0
SETTLE_SECONDS = 0.5  # from the word that somebody leaves to the end of the session
NOT_LOGGED_IN = 4401
MOST_JOBS = 200


class JobConsumer(AsyncJsonWebsocketConsumer):
    """Subscribe, then snapshot, then newer revisions: nothing needs replaying, and nothing is lost in between."""

    async def connect(self) -> None:
        """Accept the user's own browser only."""
        self.newest: dict[str, int] = {}
        self.pending: dict[str, dict[str, Any]] = {}
        self.loops: list[asyncio.Task[None]] = []
        self.counted = False
        self.asked = asyncio.Event()
        self.user = self.scope.get("user")
        await self.accept()
        if self.user is None or not self.user.is_authenticated:
            await self.close(code=NOT_LOGGED_IN)
            return
        self.language = language_of(self.scope)
        self.counted = True
        meters.level("sockets", 1)
        await self.channel_layer.group_add(group(self.user.pk), self.channel_name)
        await self.reread()
        self.loops = [asyncio.create_task(self.flush()), asyncio.create_task(self.keep_reading())]

    async def disconnect(self, code: int) -> None:
        """Leave the group; a lost Redis must not keep the socket."""
        if self.counted:
            self.counted = False
            meters.level("sockets", -1)
        for loop in self.loops:
            loop.cancel()
        if self.user is not None and self.user.is_authenticated:
            with contextlib.suppress(Exception):
                await self.channel_layer.group_discard(group(self.user.pk), self.channel_name)

    async def job_snapshot(self, event: dict[str, Any]) -> None:
        """Keep the newest snapshot of each job for the next flush: a slow reader never makes a queue grow."""
        job = event["job"]
        if job["revision"] > self.newest.get(job["task_id"], 0):
            self.newest[job["task_id"]] = job["revision"]
            self.pending[job["task_id"]] = job

    async def reread(self) -> None:
        """Take the snapshots from the rows themselves."""
        for job in await database_sync_to_async(shown_jobs)(self.user.pk):
            await self.job_snapshot({"job": job})
        await self.send_pending()

    async def flush(self) -> None:
        """At most four times a second, always the last one."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.send_pending()

    async def look_again(self, event: dict[str, Any]) -> None:
        """Somebody may have logged out."""
        self.asked.set()

    async def keep_reading(self) -> None:
        """What Redis lost is found on the row; a browser whose session has ended hears no more."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.asked.wait(), REREAD_SECONDS)
                await asyncio.sleep(SETTLE_SECONDS)
            self.asked.clear()
            if not await database_sync_to_async(lasts)(self.scope["session"].session_key, self.user.pk):
                await self.close(code=NOT_LOGGED_IN)
                return
            await self.reread()

    async def send_pending(self) -> None:
        """Send what is newer than what this browser has."""
        pending, self.pending = self.pending, {}
        for job in pending.values():
            with translation.override(self.language):
                message = {"type": "job", "job": rendered(job)}
            await self.send_json(message)


def lasts(session_key: str, user_id: int) -> bool:
    """Whether the session is still there, and its user's: active, with the same password."""
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    return get_user(request).pk == user_id


def shown_jobs(user_id: int) -> list[dict[str, Any]]:
    """Each active job of the user, with the newest finished one per resource."""
    mine = SyncJob.objects.filter(owner_id=user_id)
    newest = mine.exclude(finished_at=None).order_by("resource", "-id").distinct("resource")[:MOST_JOBS]
    return [snapshot(job) for job in [*mine.active()[:MOST_JOBS], *newest]]


def language_of(scope: dict[str, Any]) -> str:
    """The language that the page asked for (`?lang=`), else the default."""
    asked = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("lang", [""])[-1]
    try:
        return translation.get_supported_language_variant(asked)
    except LookupError:
        return settings.LANGUAGE_CODE
