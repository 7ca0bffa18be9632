"""Run each new migration on a PostgreSQL of its own; refuse what the version that runs beside it would not survive.

A deployment migrates while the old version works: what it reads must stay, what it writes must be taken, and no table of a
million rows may be locked for longer than a page waits. What a migration does is not guessed from its text: the catalogue of
the database is compared before and after, and triggers listen meanwhile.
"""

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # before what is imported from there

import django  # noqa: E402
from django.db import connection as default_connection  # noqa: E402
from django.db.backends.base.base import BaseDatabaseWrapper  # noqa: E402
from django.db.migrations import Migration  # noqa: E402
from django.db.migrations.executor import MigrationExecutor  # noqa: E402

from config.embedded import postgres  # noqa: E402
from config.embedded.home import Home, prepare  # noqa: E402
from config.embedded.servers import plan  # noqa: E402

# The last migration of each package that was there before the rules; raise it when a release is made.
BASELINE = {"mailsync": 21, "syncjobs": 3}
# Tables that grow with mail, with changes of it, or with jobs.
BIG = frozenset(
    {
        "mailsync_message",
        "mailsync_rawmessage",
        "mailsync_body",
        "mailsync_listed",
        "mailsync_change",
        "mailsync_failure",
        "mailsync_auditevent",
        "syncjobs_syncjob",
        "syncjobs_syncjobevent",
    }
)
RULES = {
    "gone": "the running version still asks for it: stop using it in this release, remove it in the next",
    "not-null": "the running version writes rows without it: null=True, or a default of the database (db_default)",
    "rewrite": "the whole table is copied under a lock that keeps readers out: a new nullable column, filled by a tick",
    "index": "writers wait until it is built: AddIndexConcurrently in a migration with atomic = False",
    "constraint": "the whole table is read under a lock: NOT VALID here (AddConstraintNotValid), validated by a later migration",
    "rows": "one statement for all rows of a big table: let a tick do it chunk by chunk",
    "lock": "who waits for a lock keeps everybody behind it waiting: lock_timeout of 1 ms to 10 s, as the settings have it",
}

LISTEN = """
CREATE SCHEMA lint;
CREATE TABLE lint.noted (rule text, what text);
CREATE FUNCTION lint.defined() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE
    built oid[];
BEGIN
    IF tg_tag = 'CREATE INDEX' THEN  -- without a lock against writers, it is built concurrently
        SELECT array_agg(objid) INTO built FROM pg_event_trigger_ddl_commands() JOIN pg_index ON indexrelid = objid
        WHERE NOT EXISTS (SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND relation = indrelid AND mode = 'ShareLock');
        INSERT INTO lint.noted SELECT 'concurrently', one::text FROM unnest(built) AS one;
    END IF;
    IF built IS NULL AND (SELECT setting::int NOT BETWEEN 1 AND 10000 FROM pg_settings WHERE name = 'lock_timeout') THEN
        INSERT INTO lint.noted VALUES ('lock', tg_tag);
    END IF;
END $$;
CREATE FUNCTION lint.written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lint.noted VALUES ('rows', tg_op || ' ' || tg_table_name);
    RETURN NULL;
END $$;
CREATE EVENT TRIGGER lint_defined ON ddl_command_end EXECUTE FUNCTION lint.defined();
"""
TABLES = "SELECT oid, relname, relfilenode FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
COLUMNS = """
SELECT attrelid, attname, attnotnull, atthasdef OR attidentity <> '' FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped
"""
INDEXES = """
SELECT indexrelid, indrelid, file.relname, file.relfilenode, indisunique,
    regexp_replace(pg_get_indexdef(indexrelid), '^.* USING ', '')
FROM pg_index JOIN pg_class file ON file.oid = indexrelid WHERE file.relnamespace = 'public'::regnamespace
"""
CONSTRAINTS = """
SELECT oid, conrelid, conname, convalidated,
    ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = conrelid AND attnum = ANY(conkey))
FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f') AND conrelid <> 0
"""
FUNCTIONS = "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What a database consists of at one moment; keys of tables, indexes and constraints are oids."""

    tables: dict[int, tuple[str, int]]  # name, file
    columns: dict[tuple[int, str], tuple[bool, bool]]  # NOT NULL, has a value of its own
    indexes: dict[int, tuple[int, str, int, bool, str]]  # table, name, file, unique, definition
    constraints: dict[int, tuple[int, str, bool, list[str]]]  # checks and foreign keys: table, name, validated, columns
    functions: set[str]


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One rule of RULES, and what breaks it."""

    rule: str
    what: str


def main() -> int:
    """1 when a migration breaks a rule without giving its reason, with one line each."""
    fresh = [path for path in ROOT.glob("*/migrations/0*.py") if is_new(path.parts[-3], path.stem)]
    if not fresh:
        print("no migration is newer than the baseline")
        return 0
    with server_of_its_own():
        django.setup()
        complaints = list(in_order(default_connection))
        default_connection.close()
    print("\n".join(complaints) or f"newer than the baseline: {len(fresh)}, safe beside the running version")
    return 1 if complaints else 0


def is_new(package: str, name: str) -> bool:
    """Whether the rules hold for a migration."""
    return package in BASELINE and int(name[:4]) > BASELINE[package]


@contextlib.contextmanager
def server_of_its_own() -> Iterator[None]:
    """An empty PostgreSQL that the settings lead to, for as long as the block lasts."""
    directory = Path(tempfile.mkdtemp(prefix="mailsync-check-"))
    directory.chmod(0o711)
    home = Home(directory)
    made = plan(prepare(home), {"REDIS_URL": "redis://127.0.0.1:9/0"}, simulator=False, durable=False)
    os.environ.update(made.environment, REDIS_URL="redis://127.0.0.1:9/0", DJANGO_SETTINGS_MODULE="config.settings")
    try:
        for server in made.servers:
            server.start()
        yield
    finally:
        for server in made.servers:
            server.stop()
        postgres.remove(home)
        shutil.rmtree(directory, ignore_errors=True)


def in_order(connection: BaseDatabaseWrapper) -> Iterator[str]:
    """The complaints about all new migrations, each run on what those before it left."""
    executor = MigrationExecutor(connection)
    steps = executor.migration_plan(executor.loader.graph.leaf_nodes())
    old = [(one, backwards) for one, backwards in steps if not is_new(one.app_label, one.name)]
    executor.migrate(None, plan=old)
    listen(connection)
    for migration, _ in steps:
        if is_new(migration.app_label, migration.name):
            one = MigrationExecutor(connection)
            found = watched(connection, lambda one=one, step=migration: one.migrate(None, plan=[(step, False)]))
            yield from judged(migration, found)


def listen(connection: BaseDatabaseWrapper) -> None:
    """From now on the database notes what its catalogue will not tell; needs a superuser."""
    with connection.cursor() as cursor:
        cursor.execute(LISTEN)
        for _, name, _ in rows(connection, TABLES):
            if name in BIG:
                cursor.execute(
                    f"CREATE TRIGGER lint_written BEFORE UPDATE OR DELETE ON {name} EXECUTE FUNCTION lint.written()"
                )


def watched(connection: BaseDatabaseWrapper, act: Callable[[], object]) -> list[Finding]:
    """What happens to the tables that are there while `act` runs, as findings in order."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM lint.noted")
    before = catalogue(connection)
    act()
    noted = set(rows(connection, "SELECT rule, what FROM lint.noted"))
    return sorted(set(findings(before, catalogue(connection), noted)))


def judged(migration: Migration, found: list[Finding]) -> Iterator[str]:
    """A line for each finding that the migration does not give a reason for, and for each reason that explains nothing."""
    reasons = getattr(migration, "deliberate", {})
    where = f"{migration.app_label}/{migration.name}"
    for finding in found:
        if not reasons.get(finding.rule):
            yield f"{where}: {finding.rule}: {finding.what}: {RULES[finding.rule]}"
    for rule in sorted(set(reasons) - {finding.rule for finding in found}):
        yield f"{where}: the reason for {rule!r} explains nothing: no such thing happens"


def rows(connection: BaseDatabaseWrapper, query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def catalogue(connection: BaseDatabaseWrapper) -> Catalogue:
    """The schema `public` as it is."""
    return Catalogue(
        {oid: (name, file) for oid, name, file in rows(connection, TABLES)},
        {(table, name): (strict, filled) for table, name, strict, filled in rows(connection, COLUMNS)},
        {oid: tuple(rest) for oid, *rest in rows(connection, INDEXES)},
        {oid: tuple(rest) for oid, *rest in rows(connection, CONSTRAINTS)},
        {name for (name,) in rows(connection, FUNCTIONS)},
    )


def findings(before: Catalogue, after: Catalogue, noted: set[tuple[str, str]]) -> Iterator[Finding]:
    """What of `before` did not survive, or was locked for long; tables that are new may do as they like."""
    yield from gone(before, after)
    names = {oid: name for oid, (name, _) in before.tables.items()}
    for (table, column), (strict, filled) in after.columns.items():
        was_strict, was_filled = before.columns.get((table, column), (False, False))
        if table in names and strict and (not was_strict or was_filled) and not filled:
            yield Finding("not-null", f"{names[table]}.{column}")
        elif (table, column) in before.columns and strict and not was_strict:
            yield Finding("constraint", f"{names[table]}.{column} becomes NOT NULL")
    rewritten = {oid for oid, (_, file) in after.tables.items() if oid in names and file != before.tables[oid][1]}
    yield from (Finding("rewrite", names[oid]) for oid in rewritten)
    files = {file for _, _, file, *_ in before.indexes.values()}  # one made anew for a wider column keeps its file
    for oid, (table, name, file, *_) in after.indexes.items():
        built_alone = ("concurrently", str(oid)) in noted
        if names.get(table) in BIG and table not in rewritten and file not in files and not built_alone:
            yield Finding("index", f"{name} of {names[table]}")
    for oid, (table, name, validated, columns) in after.constraints.items():
        empty = all((table, column) not in before.columns for column in columns)
        if names.get(table) in BIG and oid not in before.constraints and validated and not empty:
            yield Finding("constraint", f"{name} of {names[table]}")
    yield from (Finding(rule, what) for rule, what in noted if rule in RULES)


def gone(before: Catalogue, after: Catalogue) -> Iterator[Finding]:
    """Names that the running version uses: of tables, columns, functions; and what its ON CONFLICT rests on."""
    left = {name: oid for oid, (name, _) in after.tables.items()}
    for oid, (name, _) in before.tables.items():
        if left.get(name) != oid:
            yield Finding("gone", name)
        elif missing := [
            column for table, column in before.columns if table == oid and (oid, column) not in after.columns
        ]:
            yield from (Finding("gone", f"{name}.{column}") for column in missing)
    unique = {(table, definition) for table, _, _, unique, definition in after.indexes.values() if unique}
    for table, name, _, was_unique, definition in before.indexes.values():
        if was_unique and table in left.values() and (table, definition) not in unique:
            yield Finding("gone", f"the unique index {name}")
    yield from (Finding("gone", f"the function {name}") for name in before.functions - after.functions)


if __name__ == "__main__":
    sys.exit(main())
