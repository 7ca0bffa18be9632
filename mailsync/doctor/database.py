"""Check PostgreSQL: there, new enough, migrated, with a clock that agrees with ours."""

from collections.abc import Iterator
from datetime import UTC, datetime

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from mailsync.doctor.registry import Finding, bad, ok

OLDEST = 15  # a constraint says NULLS NOT DISTINCT
MOST_DRIFT = 2.0  # seconds


def reachable() -> Iterator[Finding]:
    """Whether it answers, as what."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            version = str(cursor.fetchone()[0]).split()[0]
    except DatabaseError as error:
        where = connection.settings_dict
        yield bad(
            f"PostgreSQL at {where['HOST'] or 'the local socket'}:{where['PORT'] or 5432} does not let us in:"
            f" {first_line(error)}.",
            "It is a pooler, which wants DATABASE_POOLER=transaction (docs/operations.md)."
            if "unsupported startup parameter" in str(error)
            else "Start it, or correct host, user, password and name in DATABASE_URL.",
        )
        return
    if int(version.split(".")[0]) < OLDEST:
        yield bad(f"PostgreSQL {version} is too old.", f"Use PostgreSQL {OLDEST} or newer; 18 is what is tested.")
    else:
        yield ok(f"PostgreSQL {version} answers.")


def limits() -> Iterator[Finding]:
    """Whether a connection has the settings that leases count on; behind a pooler it has those of the database role."""
    wanted = dict(settings.DATABASE_SESSION)
    if settings.DATABASE_POOLER == "none":
        del wanted["statement_timeout"]  # of web and workers; a command may ask for longer
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, current_setting(name) FROM unnest(%s::text[]) AS name", [list(wanted)])
        wrong = [name for name, value in cursor.fetchall() if value != wanted[name]]
    if not wrong:
        yield ok("Connections to PostgreSQL have the limits that leases count on.")
        return
    told = " ".join(f"ALTER ROLE CURRENT_USER SET {name} = '{wanted[name]}';" for name in wrong)
    yield bad(
        f"Connections to PostgreSQL lack {', '.join(wrong)}.",
        f"In a connection past the pooler: {told} Then restart it.",
    )


def extension() -> Iterator[Finding]:
    """Search for parts of words needs trigrams."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'")
        found = cursor.fetchone()[0]
    if found:
        yield ok("The extension pg_trgm is there.")
    else:
        yield bad(
            "The extension pg_trgm is missing from the database.",
            "As its owner or a superuser: CREATE EXTENSION pg_trgm; on Debian it is in postgresql-contrib.",
        )


def migrations() -> Iterator[Finding]:
    """Whether the tables are those of this version."""
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if pending:
        names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in pending[:3])
        more = f" and {len(pending) - 3} more" if len(pending) > 3 else ""
        yield bad(f"The database lacks {names}{more}.", "Run `manage.py migrate`.")
    else:
        yield ok("Every migration is applied.")


def clock() -> Iterator[Finding]:
    """Leases and schedules go by the database's clock, tokens by ours."""
    with connection.cursor() as cursor:
        before = datetime.now(UTC)
        cursor.execute("SELECT sync_now()")
        theirs = cursor.fetchone()[0]
    drift = (theirs - before).total_seconds()
    if abs(drift) > MOST_DRIFT + (datetime.now(UTC) - before).total_seconds():
        yield bad(
            f"The clocks of this machine and of the database differ by {abs(drift):.0f} s.",
            "Let both keep time by NTP (timedatectl set-ntp true).",
        )
    else:
        yield ok("The database's clock agrees with ours.")


def first_line(error: BaseException) -> str:
    """Of a message that may have many."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
