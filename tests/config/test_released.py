"""A long answer is sent without a connection to Postgres."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import ThreadSensitiveContext
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from config.released import Released
from mailsync.export.download import in_a_thread

OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
SOON = 10.0  # seconds


async def seen_while_sending(path: str, cookie: str) -> tuple[int, list[int]]:
    """The status, how many connections there were beside the test's own each time that something was sent."""
    ended, counts, status = asyncio.Event(), [], 0
    asked = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Any:
        if asked:
            return asked.pop()
        await ended.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)
        if message["type"] == "http.response.body":
            counts.append(await asyncio.to_thread(others))
        if message["type"] == "http.response.body" and not message.get("more_body"):
            ended.set()

    headers = [(b"host", b"127.0.0.1"), (b"cookie", f"sessionid={cookie}".encode())]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers}
    await Released()(scope, receive, send)
    return status, counts


def others() -> int:
    """How many connections stay beside this one: what was given back takes a moment to end at the server."""
    own, until = connection.copy(), time.monotonic() + SOON
    with own.cursor() as cursor:
        while True:
            cursor.execute(OTHERS)
            found = int(cursor.fetchone()[0])
            if not found or time.monotonic() > until:
                break
            time.sleep(0.05)
    own.close()
    return found


@pytest.mark.django_db(transaction=True)
def test_a_slow_reader_holds_no_connection(settings: Any) -> None:
    settings.ROLE = "web"
    client = Client()
    client.force_login(User.objects.create_user("anna"))
    cookie = client.cookies["sessionid"].value
    connection.close()
    status, counts = asyncio.run(seen_while_sending("/api/schema/", cookie))
    assert status == 200 and len(counts) > 1 and set(counts) == {0}


def asking() -> Iterator[bytes]:
    for _ in range(3):
        User.objects.count()
        yield b"x"


async def seen_between_pieces() -> list[int]:
    async with ThreadSensitiveContext():
        return [await asyncio.to_thread(others) async for _ in in_a_thread(asking())]


@pytest.mark.django_db(transaction=True)
def test_nor_does_one_of_an_export_between_its_pieces(settings: Any) -> None:
    settings.ROLE = "web"
    connection.close()
    assert asyncio.run(seen_between_pieces()) == [0, 0, 0]
