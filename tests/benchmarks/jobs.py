"""What jobs cost, how fast they come back when their workers are killed, what is lost on the way."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import redis

from tests.benchmarks import ledger
from tests.benchmarks.api import token
from tests.benchmarks.stage import Stage, stage
from tests.benchmarks.starts import INSERT, SMART, Client, burst
from tests.benchmarks.table import aligned
from tests.benchmarks.web import Times, percentile, web
from tests.benchmarks.workers import Workers, until, workers
from tests.flows.product import ROOT

ALONE, CLIENTS, EACH, WARM = 200, 50, 10, 10  # starts
CLAIMS = 2_000
PARTS = 300
EMPTY_JOBS, IDLE_TASKS = 1_000, 4_000
RECOVERIES = 20
JOBS, KILLS = 2_000, 20
LEASE = "3s"  # the shortest that settings take; recovery grows with it
TO_FILL, TO_RUN, TO_RECOVER = 600.0, 900.0, 60.0
Row = tuple[str, str, str]  # of the table: what, how much, beside what


def run() -> str:
    """Two tables; all is done by the product's own processes on servers of the benchmark."""
    with stage(1) as servers, ledger.database(servers) as connection:
        servers.environment["SYNC_LEASE"] = LEASE
        ledger.clear(servers, connection)
        rows = [*shown(starts(servers)), *shown(claims(servers)), *shown(throughput(servers, connection))]
        costs = told(servers, f"parts.parts({PARTS})")
        rows += [*shown(recovery(servers, connection)), *shown(losses(servers, connection))]
    return "\n\n".join(
        (
            f"Jobs: servers, clients, workers on one machine; SYNC_LEASE is {LEASE}",
            aligned(("jobs", "measured", "beside"), rows),
            f"The parts of an empty job, medians of {PARTS} in one process",
            aligned(("part", "ms", "CPU ms", "statements", "ms in them"), [part(name, *costs[name]) for name in costs]),
        )
    )


def shown(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows, each told as soon as it is measured: all of them take a quarter of an hour."""
    for row in rows:
        print(*row, sep="  ", file=sys.stderr, flush=True)
        yield row


def told(servers: Stage, code: str) -> Any:
    """What a piece of Python gives within Django, in a process of its own."""
    environment = servers.environment | {"DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings"}
    program = f"import json; from tests.benchmarks import parts, tiny; print(json.dumps({code}))"
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", program]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=TO_FILL, check=False
    )
    if done.returncode:
        raise SystemExit(f"{code} failed:\n{done.stderr[-4000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def starts(servers: Stage) -> Iterator[Row]:
    """Starts over HTTP beside a view that only inserts a row; no worker takes the jobs meanwhile."""
    accounts = told(servers, f"tiny.connect_accounts({ALONE + CLIENTS * EACH + WARM + 1})")
    alone, many, (one, *warm) = accounts[:ALONE], accounts[ALONE : ALONE + CLIENTS * EACH], accounts[-WARM - 1 :]
    shares = [many[place::CLIENTS] for place in range(CLIENTS)]
    with web(servers) as address:
        secret = token(servers, "one")
        client = Client(address, secret)
        for path in (SMART, INSERT):
            client.times(path, warm)
        jobs, bare = client.times(SMART, alone), client.times(INSERT, alone)
        yield "click to 202, p50 / p95", latency(jobs), f"{latency(bare)} a bare INSERT in the same server"
        for name, work in (
            (f"{CLIENTS} clients, an account each", shares),
            ("all on one account", [[one] * EACH] * CLIENTS),
        ):
            jobs, bare = (burst(address, secret, path, work) for path in (SMART, INSERT))
            created = f"{jobs.answers[202]} created, {jobs.answers[200]} adopted"
            yield name, f"{jobs.rate:.0f} starts/s, {created}", f"{bare.rate:.0f}/s bare INSERTs"


def latency(times: Times) -> str:
    """Milliseconds."""
    return f"{percentile(times, 50):.1f} / {percentile(times, 95):.1f} ms"


def claims(servers: Stage) -> Iterator[Row]:
    """Claims a second beside an UPDATE of the same rows by their keys."""
    for processes in (1, 4):
        ours, bare = (told(servers, f"parts.claims({CLAIMS}, {processes}, bare={bare})") for bare in (False, True))
        yield f"claims by {processes} process{'es' * (processes > 1)}", f"{ours:.0f}/s", f"{bare:.0f}/s bare UPDATEs"


def throughput(servers: Stage, connection: psycopg.Connection) -> Iterator[Row]:
    """Empty jobs through one worker process, beside tasks of Celery that do nothing."""
    ledger.clear(servers, connection)
    told(servers, f"len(tiny.fill({EMPTY_JOBS}, tiny.EMPTY))")
    with workers(servers, 1):
        finished(connection, EMPTY_JOBS)
        ours = EMPTY_JOBS / ledger.seconds(connection)
        queue = redis.Redis.from_url(servers.environment["REDIS_URL"])
        told(servers, f"parts.idle_tasks({IDLE_TASKS})")
        left, begun = queue.llen("interactive"), time.monotonic()
        until(lambda: not queue.llen("interactive"), within=TO_RUN)
        bare = left / (time.monotonic() - begun)
    yield "one worker process, empty jobs of two pages", f"{ours:.0f} jobs/s", f"{bare:.0f}/s tasks that do nothing"


def recovery(servers: Stage, connection: psycopg.Connection) -> Iterator[Row]:
    """From the SIGKILL of a worker to the next page of its job by another one that was idle."""
    ledger.clear(servers, connection)
    with workers(servers, 2) as running:
        (pk,) = told(servers, "tiny.fill(1, tiny.ENDLESS)")
        times = sorted(recovered(running, connection, pk) for _ in range(RECOVERIES))
    spread = " / ".join(
        f"{seconds:.1f}" for seconds in (times[0], percentile(times, 50), percentile(times, 95), times[-1])
    )
    yield (
        f"recovery after {RECOVERIES} SIGKILLs",
        f"{spread} s",
        "least / p50 / p95 / most; a lease, 15 s since the last ring, then a sweep every 5 s",
    )


def recovered(running: Workers, connection: psycopg.Connection, pk: int) -> float:
    """Seconds."""
    slices, worker = holder(connection, pk)
    while not paged(connection, pk, slices):
        slices, worker = holder(connection, pk)
    place = int(worker.partition("@")[0])
    killed = running.kill(place)
    if not until(lambda: paged(connection, pk, slices + 1), within=TO_RECOVER):
        raise SystemExit(f"a job of a killed worker did not go on within {TO_RECOVER:.0f} s")
    seconds = time.monotonic() - killed
    running.replace(place)
    return seconds


def holder(connection: psycopg.Connection, pk: int) -> tuple[int, str]:
    """The number of the slice, the name of its worker, once there is one."""
    query = "SELECT slices, worker FROM syncjobs_syncjob WHERE id = %s AND lease_token IS NOT NULL"
    found: list[tuple[int, str]] = []
    if not until(lambda: found.extend(connection.execute(query, [pk])) or bool(found), within=TO_RECOVER):
        raise SystemExit("nobody took the job")
    return found[0]


def paged(connection: psycopg.Connection, pk: int, slices: int) -> bool:
    """Whether that slice has committed a page."""
    what = [pk, f"slice {slices}"]
    return connection.execute("SELECT FROM bench_ledger WHERE job = %s AND what = %s LIMIT 1", what).rowcount == 1


def losses(servers: Stage, connection: psycopg.Connection) -> Iterator[Row]:
    """Many small jobs through two workers that are killed in turn, beside the same without kills."""
    calm, nothing = small_jobs(servers, connection, 0)
    hard, verdict = small_jobs(servers, connection, KILLS)
    rescued = ledger.count(connection, "id IN (SELECT job_id FROM syncjobs_syncjobevent WHERE code = 'rescued')")
    yield f"{JOBS:,} small jobs, no kills", f"{nothing}", f"{calm:.0f} s, {JOBS / calm:.0f} jobs/s"
    yield (
        f"{JOBS:,} small jobs, {KILLS} kills",
        f"{verdict}",
        f"{hard:.0f} s, {hard / calm:.2f} times; {rescued} rescued",
    )


def small_jobs(servers: Stage, connection: psycopg.Connection, kills: int) -> tuple[float, ledger.Verdict]:
    """Seconds of work, what came of it; each kill meets a worker that holds a job."""
    ledger.clear(servers, connection)
    told(servers, f"len(tiny.fill({JOBS}))")
    with workers(servers, 2) as running:
        for kill in range(kills):
            finished(connection, JOBS * (kill + 1) // (kills + 1))
            place = kill % 2
            held = f"lease_token IS NOT NULL AND worker = '{place}@bench'"
            until(lambda held=held: ledger.count(connection, held) > 0, within=TO_RECOVER, every=0.002)
            running.kill(place)
            running.replace(place)
        finished(connection, JOBS)
    return ledger.seconds(connection), ledger.verdict(connection, JOBS)


def finished(connection: psycopg.Connection, jobs: int) -> None:
    """Wait for so many final jobs; those that take too long will be called stuck."""
    until(lambda: ledger.count(connection, "finished_at IS NOT NULL") >= jobs, within=TO_RUN, every=0.05)


def part(name: str, *figures: float) -> tuple[str, ...]:
    """One line of the second table."""
    spent, busy, statements, within = figures
    return (name, f"{spent:.2f}", f"{busy:.2f}", f"{statements:.0f}", f"{within:.2f}")
