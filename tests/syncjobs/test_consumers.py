import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client

from config.asgi import application
from syncjobs import consumers, lifecycle, progress
from syncjobs.context import Context
from syncjobs.models import SyncJob
from tests.syncjobs.browser import Browser
from tests.syncjobs.conftest import Ask
from tests.syncjobs.kinds import request

Story = Callable[[Browser], Coroutine[Any, Any, None]]
OWN = b"http://127.0.0.1:8000"


@pytest.fixture
def cookie(owner: User) -> bytes:
    client = Client()
    client.force_login(owner)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}".encode()


def socket(cookie: bytes = b"", origin: bytes | None = OWN, query: str = "") -> Browser:
    headers = [(b"host", b"127.0.0.1:8000")] + ([(b"origin", origin)] if origin else [])
    return Browser(application, f"/ws/sync/{query}", headers + ([(b"cookie", cookie)] if cookie else []))


def tell(communicator: Browser, story: Story) -> None:
    """Connect, live through the story, hang up; all on one event loop."""

    async def whole() -> None:
        connected = await communicator.connect()
        assert connected
        await story(communicator)
        await communicator.disconnect(timeout=60)

    async_to_sync(whole)()
    connections.close_all()


async def aside(call: Callable[[], Any]) -> Any:
    """From another process, as it were: publishing has an event loop of its own."""

    def run() -> Any:
        try:
            return call()
        finally:
            connections.close_all()

    return await asyncio.get_running_loop().run_in_executor(None, run)


def page(job: SyncJob, percentage: float) -> None:
    with Context(job).page() as report:
        report.percentage = percentage


def test_the_snapshot_comes_first_then_newer_revisions_only(running: Callable[..., SyncJob], cookie: bytes) -> None:
    job = running()

    async def story(browser: Browser) -> None:
        first = await browser.receive_json(timeout=60)
        assert (first["type"], first["job"]["task_id"], first["job"]["revision"]) == ("job", job.task_id, job.revision)
        await aside(lambda: progress.publish(job))  # late: an old one
        assert await browser.receive_nothing(timeout=0.4)
        await aside(lambda: page(job, 40))
        second = await browser.receive_json(timeout=60)
        assert second["job"]["revision"] > first["job"]["revision"]
        assert second["job"]["progress_percentage"] == 40
        assert await browser.receive_nothing(timeout=0.6)

    tell(socket(cookie), story)


def test_a_browser_that_comes_late_sees_active_jobs_and_the_last_finished(
    running: Callable[..., SyncJob], ask: Ask, cookie: bytes
) -> None:
    lifecycle.succeed(running(resource="thing:1"))
    newest = running(resource="thing:1")
    lifecycle.succeed(newest)
    waiting = ask(resource="thing:2").job

    async def story(browser: Browser) -> None:
        seen = {(await browser.receive_json(timeout=60))["job"]["task_id"] for _ in range(2)}
        assert seen == {newest.task_id, waiting.task_id}
        assert await browser.receive_nothing(timeout=0.4)

    tell(socket(cookie), story)


def test_the_end_is_always_told(running: Callable[..., SyncJob], cookie: bytes) -> None:
    job = running()

    async def story(browser: Browser) -> None:
        await browser.receive_json(timeout=60)
        await aside(lambda: (page(job, 90), lifecycle.succeed(job)))
        last = await browser.receive_json(timeout=60)
        while last["job"]["state"] == "RUNNING":  # on a busy machine the page is told of before the end is committed
            last = await browser.receive_json(timeout=60)
        assert (last["job"]["state"], last["job"]["progress_percentage"]) == ("SUCCEEDED", 100)

    tell(socket(cookie), story)


def test_at_most_four_snapshots_a_second_and_always_the_last(running: Callable[..., SyncJob], cookie: bytes) -> None:
    job = running()

    def storm() -> float:
        began = time.monotonic()
        for step in range(60):
            page(job, step)  # each through a context of its own, which publishes at once
        return time.monotonic() - began

    async def story(browser: Browser) -> None:
        await browser.receive_json(timeout=60)
        took = await aside(storm)
        await asyncio.sleep(2 * consumers.FLUSH_SECONDS)
        seen = []
        while not browser.output_queue.empty():
            seen.append((await browser.receive_json(timeout=1))["job"])
        assert seen[-1]["progress_percentage"] == 59
        assert len(seen) <= (took + 2 * consumers.FLUSH_SECONDS) * 4 + 1 < 60

    tell(socket(cookie), story)


def test_an_anonymous_browser_is_closed_with_4401(owner: User) -> None:
    async def whole() -> None:
        browser = socket()
        assert await browser.connect()
        assert await browser.receive_output(timeout=60) == {"type": "websocket.close", "code": consumers.NOT_LOGGED_IN}

    async_to_sync(whole)()


@pytest.mark.parametrize("origin", [b"https://evil.example", b"null"])
def test_a_foreign_origin_is_refused(cookie: bytes, origin: bytes) -> None:
    async def whole() -> None:
        connected = await socket(cookie, origin).connect()
        assert not connected

    async_to_sync(whole)()


def test_nobody_sees_a_strangers_jobs(running: Callable[..., SyncJob], cookie: bytes) -> None:
    stranger = User.objects.create_user("bob")
    request(stranger, resource="thing:9")
    mine = running(resource="thing:1")

    async def story(browser: Browser) -> None:
        assert (await browser.receive_json(timeout=60))["job"]["task_id"] == mine.task_id
        await aside(lambda: request(stranger, resource="thing:10"))
        assert await browser.receive_nothing(timeout=0.5)

    tell(socket(cookie), story)


def test_a_socket_speaks_the_language_of_its_page(ask: Ask, cookie: bytes) -> None:
    ask()
    texts = {}
    for language in ("en", "zh-hans"):

        async def story(browser: Browser, language: str = language) -> None:
            texts[language] = (await browser.receive_json(timeout=60))["job"]["message"]

        tell(socket(cookie, query=f"?lang={language}"), story)
    assert texts["en"] == "Waiting for a worker" != texts["zh-hans"]


def test_what_redis_lost_is_read_from_the_rows(
    running: Callable[..., SyncJob], cookie: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "REREAD_SECONDS", 0.2)
    job = running()

    async def story(browser: Browser) -> None:
        await browser.receive_json(timeout=60)
        progress._broken_until = float("inf")
        await aside(lambda: page(job, 70))
        assert (await browser.receive_json(timeout=60))["job"]["progress_percentage"] == 70

    tell(socket(cookie), story)


@pytest.mark.parametrize("end", ["logout", "deactivated", "password"])
def test_a_socket_closes_when_its_session_ends(running: Callable[..., SyncJob], owner: User, end: str) -> None:
    job = running()
    staying, leaving = Client(), Client()
    for client in (staying, leaving):
        client.force_login(owner)

    def leave() -> None:
        if end == "logout":
            leaving.post("/logout/")
        elif end == "deactivated":
            owner.is_active = False
            owner.save()
        else:
            owner.set_password("another long phrase")
            owner.save()

    def of(client: Client) -> bytes:
        return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}".encode()

    async def story(browser: Browser) -> None:
        await browser.receive_json()
        await aside(leave)
        while (said := await browser.receive_output(5))["type"] == "websocket.send":
            pass  # who is deactivated sees his job being stopped before the door closes
        assert said == {"type": "websocket.close", "code": consumers.NOT_LOGGED_IN}

    tell(socket(of(leaving)), story)

    async def stays(browser: Browser) -> None:
        await browser.receive_json()
        await aside(lambda: progress.look_again(owner.pk))
        await asyncio.sleep(2 * consumers.SETTLE_SECONDS)
        await aside(lambda: page(job, 50.0))
        assert (await browser.receive_json())["job"]["progress_percentage"] == 50.0

    if end == "logout":  # the other browser of the same user is still there
        tell(socket(of(staying)), stays)


def test_a_socket_finds_out_by_itself_when_redis_loses_the_word(
    running: Callable[..., SyncJob], owner: User, cookie: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    running()
    monkeypatch.setattr(consumers, "REREAD_SECONDS", 0.3)

    async def story(browser: Browser) -> None:
        await browser.receive_json()
        await aside(lambda: User.objects.filter(pk=owner.pk).update(is_active=False))
        assert (await browser.receive_output(5))["type"] == "websocket.close"

    tell(socket(cookie), story)
