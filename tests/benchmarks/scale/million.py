"""Fill a mailbox with a million messages: some written and copied in, multiplied, the last as the pages of a pass bring them."""

import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from typing import Any

import orjson
from django.contrib.auth.models import User
from django.db import connection, connections, transaction

from mailsync.connect import connect
from mailsync.credentials import user_grant
from mailsync.models import Account, Label, Message
from mailsync.sync import binary
from mailsync.sync.statements import SAVE_MESSAGES
from tests.benchmarks.scale.texts import APART, NEWEST, Writer

OWNER, EMAIL = "million", "million@example.com"
MESSAGES = int(os.environ.get("BENCH_MESSAGES", 1_000_000))
MODEL = MESSAGES // 10  # of them are written; the others are as these, with numbers and links of their own
PAGED = MESSAGES // 50  # are written as a pass writes them, beside indexes that are there
CHUNK, PAGE = 2_000, 100
PROCESSES = 2
RAW = b"-"  # what stands for the compressed raw bytes, which are not what is measured
TABLES = ("mailsync_message", "mailsync_rawmessage", "mailsync_change")
MOST_WORKING = "1GB"

STAGED = """
CREATE TEMP TABLE staged AS SELECT NULL::jsonb AS row LIMIT 0
"""
FROM_STAGED = """
INSERT INTO mailsync_message (
    account_id, gmail_id, thread_id, labels, labels_as_of, history_id, internal_date, size, snippet, subject, sender_name,
    sender_email, "to", cc, date, message_id, has_attachments, attachments, defects, words)
SELECT %(account)s, gmail_id, thread_id, labels, labels_as_of, history_id, internal_date, size, snippet, subject, sender_name,
    sender_email, "to", cc, date, message_id, has_attachments, attachments, defects, words
FROM staged, jsonb_to_record(staged.row) AS row (
    gmail_id text, thread_id text, labels text[], labels_as_of bigint, history_id bigint, internal_date timestamptz,
    size bigint, snippet text, subject text, sender_name text, sender_email text, "to" jsonb, cc jsonb, date timestamptz,
    message_id text, has_attachments boolean, attachments jsonb, defects text[], words text)
"""
# The letter `n`, placed in time as the writer does; words of its own: a case, a topic, an order, two links in every second.
MULTIPLY = """
INSERT INTO mailsync_message (
    account_id, gmail_id, thread_id, labels, labels_as_of, history_id, internal_date, size, snippet, subject, sender_name,
    sender_email, "to", cc, date, message_id, has_attachments, attachments, defects, words)
SELECT account_id,
    lpad(to_hex(((extract(epoch FROM at) * 1000)::bigint << 20) | n), 16, '0'),
    lpad(to_hex(((extract(epoch FROM at - (n %% 3) * %(apart)s) * 1000)::bigint << 20) | (n - n %% 3)), 16, '0'),
    labels, n + 1, n + 1, at, size, snippet, subject || CASE WHEN n %% 3 = 0 THEN ' #' || n ELSE '' END, sender_name,
    sender_email, "to", cc, at, '<' || md5(n::text) || '.' || message_id, has_attachments, attachments, defects,
    words || format('case%%s topic%%s %%s ', n, n %% 997, abs(hashint8(n)::bigint)) || CASE WHEN n %% 2 = 0 THEN
        format('https click %%s example r %%s https go %%s example r %%s ', n %% 400, md5(n::text), n %% 400, md5((-n)::text))
        ELSE '' END
FROM (SELECT *, labels_as_of - 1 + %(copy)s * %(model)s AS n,
          %(newest)s - (%(messages)s - (labels_as_of - 1 + %(copy)s * %(model)s)) * %(apart)s AS at
      FROM mailsync_message WHERE id <= %(last)s) AS multiplied
WHERE n < %(end)s
"""
RAWS = """
INSERT INTO mailsync_rawmessage (message_id, data, size, sha256)
SELECT id, %(raw)s, size, sha256(gmail_id::bytea) FROM mailsync_message
"""
CHANGES = """
INSERT INTO mailsync_change (account_id, gmail_id, kind, labels_added, labels_removed, history_id, task_id)
SELECT account_id, gmail_id, 'added', labels, ARRAY[]::varchar[], history_id, 'sync_1_12345678_1767225600' FROM mailsync_message
"""
COUNTS = """
INSERT INTO mailsync_labelcount (account_id, label_id, total, unread)
SELECT account_id, label, count(*), count(*) FILTER (WHERE 'UNREAD' = ANY(labels))
FROM mailsync_message, unnest(array_append(labels, '')) AS label GROUP BY account_id, label
"""
INDEXES = """
SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid::regclass::text = ANY(%s) AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
"""
BYTES = "SELECT sum(pg_total_relation_size(name::regclass)) FROM unnest(%s::text[]) AS name"


def main(email: str, postmaster: int) -> None:
    """Say how long each step took (seconds), and what a message of the last pages added (bytes)."""
    Account.objects.filter(email=EMAIL).delete()
    account = connect(User.objects.get_or_create(username=OWNER)[0], EMAIL, user_grant("none"))
    for number in range(61):
        Label.objects.get_or_create(account=account, label_id=f"Label_{number}", name=f"project {number}", type="user")
    took: dict[str, float] = {}
    definitions = _without_indexes()
    with _timed(took, "copy, seconds"):
        _copy(account.pk)
    with connection.cursor() as cursor:
        _unhurried(cursor)
        for name, statement, values in (
            ("raws, seconds", RAWS, {"raw": RAW}),
            ("changes, seconds", CHANGES, {}),
            ("label counts, seconds", COUNTS, {}),
            *((f"index {name}, seconds", statement, None) for name, statement in definitions),
            ("first VACUUM ANALYZE, seconds", "VACUUM ANALYZE", None),
        ):
            with _timed(took, name):
                cursor.execute(statement, values)
    print(json.dumps(took | _pages(account)))


class _timed:
    def __init__(self, took: dict[str, float], name: str) -> None:
        self.took, self.name = took, name

    def __enter__(self) -> None:
        self.begun = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.took[self.name] = round(time.perf_counter() - self.begun, 1)


def _unhurried(cursor: Any) -> None:
    cursor.execute("SET statement_timeout = 0")
    cursor.execute("SET synchronous_commit = off")
    cursor.execute(f"SET maintenance_work_mem = '{MOST_WORKING}'")


def _without_indexes() -> list[tuple[str, str]]:
    """Drop what is made faster afterwards; names with definitions."""
    with connection.cursor() as cursor:
        cursor.execute(INDEXES, [list(TABLES)])
        found: list[tuple[str, str]] = cursor.fetchall()
        for name, _ in found:
            cursor.execute(f'DROP INDEX "{name}"')
    return found


def _copy(account: int) -> None:
    connections.close_all()
    with ProcessPoolExecutor(PROCESSES) as pool:
        list(pool.map(_copy_share, [account] * PROCESSES, [range(n, MODEL, PROCESSES) for n in range(PROCESSES)]))
        copies = range(1, MESSAGES // MODEL)
        list(
            pool.map(_multiply, copies, [Message.objects.order_by("-pk").values_list("pk", flat=True)[0]] * len(copies))
        )


def _copy_share(account: int, numbers: range) -> None:
    with connection.cursor() as cursor:
        _unhurried(cursor)
        cursor.execute("SET session_replication_role = replica")  # labels are counted at the end
        cursor.execute(STAGED)
        for rows in _parts(Writer(MESSAGES).letters(numbers), CHUNK):
            with cursor.copy("COPY staged FROM STDIN") as copy:
                for row in rows:
                    copy.write_row([orjson.dumps(row).decode()])
            cursor.execute(FROM_STAGED, {"account": account})
            cursor.execute("TRUNCATE staged")


def _multiply(copy: int, last: int) -> None:
    numbers = {"copy": copy, "model": MODEL, "messages": MESSAGES, "end": MESSAGES - PAGED, "last": last}
    with connection.cursor() as cursor:
        _unhurried(cursor)
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(MULTIPLY, numbers | {"newest": NEWEST, "apart": APART})


def _pages(account: Account) -> dict[str, float]:
    """Write the newest as a pass does, newest first: what a message adds to tables and indexes that are full already."""
    before, begun = _bytes(), time.perf_counter()
    numbers = range(MESSAGES - 1, MESSAGES - PAGED - 1, -1)
    for rows in _parts(Writer(MESSAGES).letters(numbers), PAGE):
        _save(account, rows)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")  # what GIN put aside is put in its place, as autovacuum does
    grown = (_bytes() - before) / PAGED
    return {"pages, seconds": round(time.perf_counter() - begun, 1), "bytes a message of the last pages": round(grown)}


def _save(account: Account, rows: list[Any]) -> None:
    with transaction.atomic(), binary.cursor() as cursor:
        values = {"account": account.pk, "job": "sync_1_12345678_1767225600", "rows": orjson.dumps(rows).decode()}
        cursor.execute(SAVE_MESSAGES, values)
        ids = [pk for pk, *_ in cursor.fetchall()]
        cursor.execute(f"{RAWS} WHERE id = ANY(%(ids)s)", {"raw": RAW, "ids": ids})


def _parts(rows: Iterator[Any], size: int) -> Iterator[list[Any]]:
    while part := list(islice(rows, size)):
        yield part


def _bytes() -> int:
    with connection.cursor() as cursor:
        cursor.execute(BYTES, [list(TABLES)])
        return int(cursor.fetchone()[0])
