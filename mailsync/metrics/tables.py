"""Turn what the tables say into families of metrics: how things stand now, whoever counted or not."""

from collections.abc import Iterator
from typing import Any

from django.db import OperationalError, connection, transaction
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from mailsync import patience
from mailsync.metrics.catalogue import PREFIX
from syncjobs.states import QUEUES

PATIENCE = "3s"
LONGEST = (
    5.0  # seconds for all of it: with four to find out that nobody answers less than the ten that Prometheus waits
)
AGES = {"1m": 60, "10m": 600, "1h": 3_600, "1d": 86_400}  # of active jobs; what is older is "older"
BEHIND = {"15m": 900, "1h": 3_600, "2h": 7_200, "6h": 21_600, "1d": 86_400}

_JOBS = """
SELECT state, coalesce((SELECT label FROM unnest(%(labels)s::text[], %(ages)s::int[]) AS bound (label, age)
    WHERE sync_now() - created_at <= make_interval(secs => age) ORDER BY age LIMIT 1), 'older'), count(*)
FROM syncjobs_syncjob WHERE finished_at IS NULL GROUP BY 1, 2
"""
_OLDEST = """
SELECT coalesce(extract(epoch FROM sync_now() - min(not_before) FILTER (WHERE state = 'CREATED')), 0),
    coalesce(extract(epoch FROM sync_now() - min(heartbeat_at) FILTER (WHERE lease_token IS NOT NULL)), 0)
FROM syncjobs_syncjob WHERE finished_at IS NULL
"""
_ACCOUNTS = """
SELECT CASE WHEN paused_at IS NOT NULL THEN 'paused' ELSE state END, count(*) FROM mailsync_account
WHERE erasing_since IS NULL GROUP BY 1
"""
_BEHIND = """
SELECT {columns} FROM mailsync_account WHERE erasing_since IS NULL AND paused_at IS NULL AND state = 'ok'
"""
_COLUMN = "count(*) FILTER (WHERE coalesce(last_success_at, created_at) < sync_now() - interval '{seconds} s')"
_TICK = """
SELECT coalesce(extract(epoch FROM sync_now() - min(next_sync_at)), 0) FROM mailsync_account
WHERE paused_at IS NULL AND state = 'ok' AND next_sync_at < sync_now()
"""
_HELD = """
SELECT 'queue.' || queue, count(*) FROM unnest(%(queues)s::text[]) AS known (queue)
JOIN syncjobs_syncjob USING (queue) WHERE lease_until > sync_now() GROUP BY 1
"""
_HEARTBEATS = "SELECT name, extract(epoch FROM sync_now() - seen_at) FROM syncjobs_heartbeat"
_FAILURES = "SELECT code, count(*) FROM mailsync_failure GROUP BY 1"
_NOTICES = "SELECT count(*) FROM mailsync_notice WHERE delivered_at IS NULL AND given_up_at IS NULL"
_WATCHES = (
    "SELECT count(*) FILTER (WHERE trouble <> ''), count(*) FILTER (WHERE expires_at > sync_now()) FROM mailsync_watch"
)


def families() -> Iterator[Metric]:
    """Each a short query. Raises DatabaseError, also where the database hangs."""
    if not patience.answers():
        raise OperationalError("the database does not answer")
    connection.ensure_connection()
    with patience.cut_after(LONGEST, connection.connection), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{PATIENCE}'")
        ages = {"labels": list(AGES), "ages": list(AGES.values())}
        yield _gauge("jobs", "Active jobs by state and age.", ("state", "age"), _rows(cursor, _JOBS, ages))
        [(created, silent)] = _rows(cursor, _OLDEST)
        yield _gauge(
            "oldest_created_seconds", "How long the job that waits longest for a worker is due.", (), [(created,)]
        )
        yield _gauge(
            "quietest_running_seconds", "How long the quietest worker that holds a job is silent.", (), [(silent,)]
        )
        yield _gauge("accounts", "Mailboxes by state.", ("state",), _rows(cursor, _ACCOUNTS))
        columns = ", ".join(_COLUMN.format(seconds=seconds) for seconds in BEHIND.values())
        [behind] = _rows(cursor, _BEHIND.format(columns=columns))
        yield _gauge(
            "accounts_behind",
            "Mailboxes that the clock syncs whose last success is longer ago than that.",
            ("more_than",),
            zip(BEHIND, behind, strict=True),
        )
        yield _gauge("tick_lag_seconds", "How late the clock is for the mailbox due longest.", (), _rows(cursor, _TICK))
        held = dict.fromkeys((f"queue.{queue}" for queue in QUEUES), 0)
        held |= dict(_rows(cursor, _HELD, {"queues": list(QUEUES)}))
        yield _gauge("jobs_held", "Jobs that a worker holds, by the heartbeat of their queue.", ("name",), held.items())
        yield _gauge("heartbeat_age_seconds", "Since each part was last seen.", ("name",), _rows(cursor, _HEARTBEATS))
        yield _gauge(
            "message_failures", "Messages that could not be read, by why.", ("code",), _rows(cursor, _FAILURES)
        )
        yield _gauge("notices_waiting", "Notifications that are still to be told.", (), _rows(cursor, _NOTICES))
        [(troubled, live)] = _rows(cursor, _WATCHES)
        rows = [("troubled", troubled), ("live", live)]
        yield _gauge("watches", "Mailboxes that Gmail tells us of, those whose renewal fails.", ("state",), rows)


def _rows(cursor: Any, statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    cursor.execute(statement, parameters)
    found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _gauge(name: str, text: str, labels: tuple[str, ...], rows: Any) -> Metric:
    """Rows are the values of the labels, then the value."""
    family = GaugeMetricFamily(PREFIX + name, text, labels=labels)
    for *values, value in rows:
        family.add_metric([str(each) for each in values], float(value))
    return family
