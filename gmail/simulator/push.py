"""Pub/Sub's push: a signed notification for what happens to a watched mailbox."""

import asyncio
from base64 import b64encode
from datetime import UTC, datetime
from random import Random

import aiohttp
import orjson

from gmail.simulator.service import Service
from gmail.simulator.signing import Signer

SECOND = 1.0
"""Gmail sends a user no more than one notification in this time; what comes in between is dropped."""
TIMEOUT = aiohttp.ClientTimeout(total=10.0)
TRIES = 6
LONGEST_BACKOFF = 600.0
MOST_PENDING = 1_000
ISSUER = "https://accounts.google.com"
NOBODY = "100000000000000000002"


class Emitter:
    """Sends notifications between `start` and `stop`."""

    def __init__(self, service: Service, signer: Signer) -> None:
        self._service, self._signer = service, signer
        self._dice = Random(service.settings.seed)
        self._sent: dict[str, float] = {}
        self._count = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """From now on changes of mailboxes are heard."""
        self._session = aiohttp.ClientSession(timeout=TIMEOUT)
        self._service.world.changed = self._hear

    async def stop(self) -> None:
        """Nothing is sent any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def _hear(self, email: str, op: str) -> None:
        """A mailbox has changed: one notification, or none so soon after the last. A new watch always sends one."""
        now, session = self._service.clock(), self._session
        if session is None or not self._service.push.endpoint or not self._watched(email, op, now):
            return
        if op != "watch" and now - self._sent.get(email, 0.0) < SECOND:
            self._service.stats.pushes["dropped"] += 1
            return
        self._sent[email] = now
        copies = 2 if self._dice.random() < self._service.push.duplicates else 1
        late = self._dice.random() < self._service.push.reordered
        body = self._body(email, now)
        for _ in range(copies):
            if len(self._tasks) < MOST_PENDING:
                task = asyncio.create_task(self._deliver(session, body, 2 * SECOND if late else 0.0))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def _watched(self, email: str, op: str, now: float) -> bool:
        watch = self._service.world.watches.get(email)
        if watch is None or watch.expires <= now:
            return False
        if op == "watch" or not watch.labels:
            return True
        return watch.include is not watch.labels.isdisjoint(self._service.world.mailbox(email).history.touched())

    def _body(self, email: str, now: float) -> bytes:
        self._count += 1
        current = self._service.world.mailbox(email).history.current
        told = {"emailAddress": email, "historyId": current if self._service.push.numbers else str(current)}
        id, when = str(2_070_443_601_311_540 + self._count), datetime.fromtimestamp(now, UTC)
        published = when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        message = {
            "data": b64encode(orjson.dumps(told)).decode(),
            "messageId": id,
            "message_id": id,
            "publishTime": published,
            "publish_time": published,
        }
        return orjson.dumps({"message": message, "subscription": self._service.push.subscription})

    def _token(self) -> str:
        push, now = self._service.push, int(self._service.clock())
        claims = {"iss": ISSUER, "aud": push.audience or push.endpoint, "azp": NOBODY, "sub": NOBODY}
        return self._signer.sign(
            claims | {"email": push.account, "email_verified": True, "iat": now, "exp": now + 3600}
        )

    async def _deliver(self, session: aiohttp.ClientSession, body: bytes, delay: float) -> None:
        """Until it is acknowledged, or given up."""
        await asyncio.sleep(delay)
        for attempt in range(TRIES):
            if await self._post(session, body):
                return
            await asyncio.sleep(min(self._service.push.backoff * 2**attempt, LONGEST_BACKOFF))
        self._service.stats.pushes["given up"] += 1

    async def _post(self, session: aiohttp.ClientSession, body: bytes) -> bool:
        headers = {"Authorization": f"Bearer {self._token()}", "Content-Type": "application/json"}
        try:
            async with session.post(self._service.push.endpoint, data=body, headers=headers) as answer:
                acknowledged = answer.status in (102, 200, 201, 202, 204)
        except (aiohttp.ClientError, TimeoutError):
            acknowledged = False
        self._service.stats.pushes["acknowledged" if acknowledged else "refused"] += 1
        return acknowledged
