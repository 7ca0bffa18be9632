"""A thousand browsers on one web process, each waiting for the end of a job of its own."""

import asyncio
import json
import os
import resource
import time
from typing import Any

import psutil
import psycopg
import websockets

from tests.benchmarks import ledger
from tests.benchmarks.console import Console, console
from tests.benchmarks.scale.measured import Measured
from tests.benchmarks.stage import stage
from tests.benchmarks.targets import figure
from tests.benchmarks.web import web

SOCKETS, WARM = 1_000, 50
AT_ONCE = 20  # who connect at the same time
TO_OPEN, TO_HEAR = 240.0, 240.0  # seconds
REREAD = 25.0  # seconds, in which each socket reads its rows once
MOST_CONNECTIONS = 20  # of the pool of a web process, whoever watches

PEOPLE = """
from django.contrib.auth import SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from syncjobs.models import SyncJob
from syncjobs.states import State, Trigger
def session(user):
    kept = SessionStore()
    kept[SESSION_KEY], kept[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    kept[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    kept.create()
    return kept.session_key
users = User.objects.bulk_create([User(username=f"watcher{{n}}", password="!") for n in range({number})])
SyncJob.objects.bulk_create([SyncJob(task_id=f"sync_{{user.pk}}_00000000_1", kind="tiny", owner=user, trigger=Trigger.BUTTON,
    resource=f"tiny:{{user.pk}}", title="A tiny thing", mode="small") for user in users])
answer = [[session(user), f"sync_{{user.pk}}_00000000_1"] for user in users]
"""
END = """
from syncjobs import lifecycle
from syncjobs.models import SyncJob
for pk in SyncJob.objects.filter(kind="tiny", finished_at=None).values_list("pk", flat=True):
    lifecycle.succeed(lifecycle.claim(pk, "bench"))
answer = SyncJob.objects.filter(kind="tiny", state="SUCCEEDED").count()
"""
CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'mailsync%web%'"
Person = tuple[str, str]


def rows() -> Measured:
    """Who did not see the end, KB a socket, connections to Postgres."""
    _many_files()
    with stage(1) as servers, ledger.database(servers) as database, console(servers) as told:
        database.execute(ledger.TABLES)
        people = told.tell(PEOPLE.format(number=SOCKETS + WARM))
        with web(servers) as address:
            found = asyncio.run(_watch(address, people, told, database, _web_process(address)))
    return Measured(
        [
            figure(
                f"{SOCKETS:,} sockets on one web process: those that did not see the end of their job", found["deaf"], 0
            ),
            figure("  KB of the process a socket", found["kilobytes"], 100),
            figure("  connections of the process to Postgres, at most", found["connections"], MOST_CONNECTIONS),
            figure("  the end of a job on the last of its sockets, s after the last commit", found["seconds"], 5),
        ]
    )


def _many_files() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _web_process(address: str) -> psutil.Process:
    port = int(address.rsplit(":", 1)[1])
    for process in psutil.Process(os.getpid()).children(recursive=True):
        if any(each.status == "LISTEN" and each.laddr.port == port for each in process.net_connections()):
            return process
    raise SystemExit(f"nobody listens on {address}")


async def _watch(
    address: str, people: list[Person], told: Console, database: psycopg.Connection[Any], process: psutil.Process
) -> dict[str, float]:
    warm, watchers = people[:WARM], people[WARM:]
    for sockets in ([await _open(address, warm)], [await _open(address, warm)]):  # what the first ones load, stays
        await asyncio.gather(*(socket.close() for socket in sockets[0]))
    await asyncio.sleep(2)
    before = process.memory_info().rss
    sockets = await _open(address, watchers)
    await asyncio.sleep(REREAD)
    kilobytes = (process.memory_info().rss - before) / 1000 / len(watchers)
    connections = _count(database)
    ends = asyncio.gather(*(_end(socket, task) for socket, (_, task) in zip(sockets, watchers, strict=True)))
    ending = asyncio.get_running_loop().run_in_executor(None, told.tell, END)
    while not ending.done():
        connections = max(connections, _count(database))
        await asyncio.sleep(0.2)
    assert await ending == len(people)
    over = time.monotonic()
    heard = await ends
    connections = max(connections, _count(database))
    await asyncio.gather(*(socket.close() for socket in sockets))
    last = max((moment for moment in heard if moment is not None), default=over)
    return {
        "deaf": heard.count(None),
        "kilobytes": kilobytes,
        "connections": connections,
        "seconds": max(0.0, last - over),
    }


async def _open(address: str, people: list[Person]) -> list[Any]:
    turns = asyncio.Semaphore(AT_ONCE)

    async def connect(session: str) -> Any:
        async with turns:
            headers = {"Cookie": f"sessionid={session}"}
            url = f"{address.replace('http', 'ws')}/ws/sync/?lang=en"
            socket = await websockets.connect(url, origin=address, additional_headers=headers, open_timeout=TO_OPEN)
            first = json.loads(await asyncio.wait_for(socket.recv(), TO_OPEN))
            assert first["job"]["state"] == "CREATED", first
            return socket

    return list(await asyncio.gather(*(connect(session) for session, _ in people)))


async def _end(socket: Any, task: str) -> float | None:
    """The monotonic moment at which this browser heard of the end of its job; None where it never did."""
    try:
        async with asyncio.timeout(TO_HEAR):
            while True:
                job = json.loads(await socket.recv())["job"]
                if (job["task_id"], job["state"]) == (task, "SUCCEEDED"):
                    return time.monotonic()
    except (TimeoutError, websockets.ConnectionClosed):
        return None


def _count(database: psycopg.Connection[Any]) -> int:
    row = database.execute(CONNECTIONS).fetchone()
    assert row is not None
    return int(row[0])
