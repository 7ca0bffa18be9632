"""Tick over and over in a database of 200,000 accounts: a program that prints what it found."""

import json
import threading
from statistics import median
from typing import Any

import psycopg
from django.contrib.auth.models import User
from django.db import connection, connections

from mailsync import schedule
from mailsync.models import Account
from syncjobs.models import SyncJob
from tests.benchmarks.scale.tick import ACCOUNTS, DUE, OWNERS, PAIRS, TICKS

FILL = """
INSERT INTO auth_user (username, password, is_superuser, is_staff, is_active, first_name, last_name, email, date_joined)
SELECT 'user' || n, '', false, false, true, '', '', '', now() FROM generate_series(1, %(owners)s) AS n;
INSERT INTO mailsync_account (
    owner_id, email, state, credentials, policy, deleted_policy, interval, next_sync_at, sync_message_code, sync_message_params)
SELECT id, 'box' || k || '@' || username || '.example', 'ok', repeat('x', 400), 'both', 'keep', interval '1 hour',
    now() + interval '1 hour' + random() * interval '1 hour', 'done', '{}'
FROM auth_user, generate_series(1, %(each)s) AS k;
INSERT INTO mailsync_checkpoint (account_id, history_id, position, seq) SELECT id, 1, '{}', 0 FROM mailsync_account;
INSERT INTO mailsync_certificate (
    account_id, job, at, history_id, listed, mirrored, missing, missing_count, owed_count, labels_checked, labels_corrected,
    bytes_checked, bytes_damaged)
SELECT id, '', now(), 1, 0, 0, '[]', 0, 0, 0, 0, 0, 0 FROM mailsync_account;
"""
BE_DUE = """
UPDATE mailsync_account SET next_sync_at = now() - interval '1 second'
WHERE id IN (SELECT id FROM mailsync_account WHERE next_sync_at > now() + interval '1 hour' ORDER BY random() LIMIT %s)
"""
REST = """
UPDATE mailsync_account SET next_sync_at = now() + interval '1 hour' + random() * interval '1 hour'
WHERE next_sync_at < now() + interval '1 hour'
"""
ACTIVE = "SELECT active_time FROM pg_stat_database WHERE datname = current_database()"


def main(email: str, postmaster: int) -> None:
    """Medians and the least; milliseconds."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(FILL.replace("%(owners)s", str(OWNERS)).replace("%(each)s", str(ACCOUNTS // OWNERS)))
        cursor.execute("VACUUM ANALYZE")
    assert Account.objects.count() == ACCOUNTS and User.objects.count() == OWNERS
    settings: dict[str, Any] = connection.get_connection_params()
    address = {name: settings[name] for name in ("host", "port", "user", "password", "dbname")}
    with psycopg.connect(**address, autocommit=True) as watcher:
        ticks = [_tick(watcher) for _ in range(TICKS)]
    wrong = sum(_two_at_once() for _ in range(PAIRS))
    asking, whole = zip(*ticks, strict=True)
    print(json.dumps({"asking": min(asking), "tick": min(whole), "median": median(whole), "wrong": wrong}))


def _be_due(number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(REST)
        cursor.execute(BE_DUE, [number])
    SyncJob.objects.all().delete()


def _tick(watcher: psycopg.Connection[Any]) -> tuple[float, float]:
    """Of the question who is due, as EXPLAIN ANALYZE tells; of the whole tick."""
    _be_due(DUE)
    due = Account.objects.due().order_by("next_sync_at").values_list("pk", flat=True)[: schedule.MOST_DUE]
    plan = json.loads(due.explain(analyze=True, format="json"))[0]
    before = _active(watcher)
    started = schedule.tick()
    spent = _active(watcher) - before
    assert started == DUE, started
    return plan["Planning Time"] + plan["Execution Time"], spent


def _active(watcher: psycopg.Connection[Any]) -> float:
    """Milliseconds in which statements ran. Ours are counted as soon as we are told to be; the watcher's are not yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
    row = watcher.execute(ACTIVE).fetchone()
    assert row is not None
    return float(row[0])


def _two_at_once() -> int:
    """How many accounts were started more than once, or by nobody."""
    _be_due(4 * DUE)
    start, started = threading.Barrier(2), []

    def tick() -> None:
        start.wait(timeout=30)
        started.append(schedule.tick())
        connections.close_all()

    threads = [threading.Thread(target=tick) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rest = schedule.tick()
    resources = SyncJob.objects.values("resource").distinct().count()
    return abs(sum(started) + rest - 4 * DUE) + abs(SyncJob.objects.count() - resources) + abs(resources - 4 * DUE)
