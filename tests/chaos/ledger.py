"""Let the database write down who changed what under which lease, as of the commit itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row

# The mirror's tables that are written under a lease only. The first INSERT of a checkpoint is an empty row that anybody may make.
BY_ACCOUNT = ("mailsync_message", "mailsync_listed", "mailsync_failure", "mailsync_label", "mailsync_certificate")
BEGUN = {"INSERT": "NEW", "UPDATE": "NEW", "DELETE": "OLD"}  # which transition table holds the rows

TABLE = """
CREATE TABLE proof_ledger (
    id bigserial PRIMARY KEY, at timestamptz DEFAULT clock_timestamp(), tx text DEFAULT pg_current_xact_id()::text,
    backend int DEFAULT pg_backend_pid(), what text, resource text, task_id text, state text, token uuid,
    claimed bool, cancelling bool, revision bigint, percentage float, seen text, rows bigint, tablename text)
"""

# Every version of every job. Whoever sets a token is who holds it: a slice has one connection from claim to end.
JOBS = """
CREATE FUNCTION proof_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO proof_ledger
        (what, resource, task_id, state, token, claimed, cancelling, revision, percentage, seen)
    VALUES ('job', NEW.resource, NEW.task_id, NEW.state, NEW.lease_token,
        NEW.lease_token IS NOT NULL AND (TG_OP = 'INSERT' OR NEW.lease_token IS DISTINCT FROM OLD.lease_token),
        NEW.cancel_requested_at IS NOT NULL, NEW.revision, NEW.percentage,
        md5(ROW(NEW.state, NEW.phase, NEW.mode, NEW.message_code, NEW.stats, NEW.percentage)::text));
    RETURN NULL;
END $$;
CREATE TRIGGER proof_job AFTER INSERT OR UPDATE ON syncjobs_syncjob FOR EACH ROW EXECUTE FUNCTION proof_job()
"""

WRITES = """
CREATE FUNCTION proof_write_{name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO proof_ledger (what, resource, rows, tablename)
    SELECT 'write', {resource}, count(*), TG_TABLE_NAME FROM changed {join} GROUP BY {account};
    RETURN NULL;
END $$
"""

BY_PASS = "'mailbox:' || {account}"
# Raw bytes are brought by a pass or by a backfill, each under a lease of its own: by that which this session claimed last.
BY_EITHER = """coalesce((SELECT claim.resource FROM proof_ledger claim WHERE claim.claimed AND claim.backend = pg_backend_pid()
    AND claim.resource IN ('mailbox:' || {account}, 'raw:' || {account}) ORDER BY claim.id DESC LIMIT 1), 'nobody')"""

WATCH = """
CREATE TRIGGER proof_write_{operation} AFTER {operation} ON {table} REFERENCING {rows} TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION proof_write_{name}()
"""

OF_MESSAGE = "JOIN mailsync_message m ON m.id = changed.message_id"

# Deferred: the token is the row's at the commit, whoever has changed it since the write.
AT_COMMIT = """
CREATE FUNCTION proof_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE proof_ledger SET (task_id, token) =
        (SELECT task_id, lease_token FROM syncjobs_syncjob WHERE resource = NEW.resource AND state = 'RUNNING')
    WHERE id = NEW.id;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER proof_commit AFTER INSERT ON proof_ledger DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.what = 'write') EXECUTE FUNCTION proof_commit()
"""

REMOVE = """
DROP FUNCTION IF EXISTS proof_job, proof_commit, proof_write_account, proof_write_raw CASCADE;
DROP TABLE IF EXISTS proof_ledger
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A version of a job (`job`), or a statement that changed rows of a mirror (`write`), in a committed transaction.

    The ids of one job's versions, or of one mailbox's writes, have the order of their commits: the job's row lock sees to it.
    """

    id: int
    what: str
    resource: str
    at: float = 0.0  # unix seconds
    tx: str = ""
    backend: int = 0
    task_id: str | None = None
    state: str | None = None
    token: Any = None  # of a write: what the row of the running job held when the write was committed
    claimed: bool | None = None
    cancelling: bool | None = None
    revision: int | None = None
    percentage: float | None = None
    seen: str | None = None  # a fingerprint of what a browser shows
    rows: int | None = None
    tablename: str | None = None


def install(database: psycopg.Connection[Any]) -> None:
    """Begin to write; the ledger is durable, for a database that is killed must not forget it."""
    account, raw = _writes("account", "account_id", BY_PASS, ""), _writes("raw", "m.account_id", BY_EITHER, OF_MESSAGE)
    with database.transaction():
        for statement in (REMOVE, TABLE, JOBS, account, raw, AT_COMMIT):
            database.execute(statement)
        for table in BY_ACCOUNT:
            for operation in BEGUN:
                _watch(database, table, operation, "account")
        _watch(database, "mailsync_checkpoint", "UPDATE", "account")
        for table in ("mailsync_rawmessage", "mailsync_body"):
            _watch(database, table, "INSERT", "raw")
            _watch(database, table, "UPDATE", "raw")


def _writes(name: str, account: str, resource: str, join: str) -> str:
    return WRITES.format(name=name, account=account, resource=resource.format(account=account), join=join)


def _watch(database: psycopg.Connection[Any], table: str, operation: str, name: str) -> None:
    database.execute(WATCH.format(operation=operation, table=table, rows=BEGUN[operation], name=name))


@contextmanager
def kept(database: psycopg.Connection[Any]) -> Iterator[None]:
    """The ledger, for as long as a story lasts."""
    install(database)
    try:
        yield
    finally:
        database.execute(REMOVE)


def read(database: psycopg.Connection[Any], *resources: str) -> list[Entry]:
    """What was committed, in order; of these resources, or of all."""
    query = """SELECT id, what, resource, extract(epoch FROM at)::float AS at, tx, backend, task_id, state, token, claimed,
                      cancelling, revision, percentage, seen, rows, tablename
               FROM proof_ledger WHERE resource = ANY(%s) OR cardinality(%s::text[]) = 0 ORDER BY id"""
    with database.cursor(row_factory=class_row(Entry)) as cursor:
        return cursor.execute(query, [list(resources), list(resources)]).fetchall()
