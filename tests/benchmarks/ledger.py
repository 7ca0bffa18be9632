"""Count what was lost, doubled or got stuck, from the rows alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import redis

from tests.benchmarks.stage import Stage

TABLES = """
DROP TABLE IF EXISTS bench_ledger, bench_start;
CREATE TABLE bench_ledger (job bigint NOT NULL, what text NOT NULL);
CREATE INDEX ON bench_ledger (job, what);
CREATE TABLE bench_start (resource text PRIMARY KEY, at timestamptz NOT NULL);
"""
# Of each job: two pages and one end, each exactly once, in whatever state the job says it is.
VERDICT = """
SELECT count(*) FILTER (WHERE finished_at IS NULL OR (pages = 2 AND ends > 0 AND state = 'SUCCEEDED')),
       count(*) FILTER (WHERE lines > lines_once OR ends > 1),
       count(*) FILTER (WHERE finished_at IS NULL)
FROM syncjobs_syncjob AS j LEFT JOIN LATERAL (
    SELECT count(*) AS lines, count(DISTINCT what) AS lines_once, count(*) FILTER (WHERE what LIKE 'end %') AS ends,
           count(DISTINCT what) FILTER (WHERE what LIKE 'page %') AS pages
    FROM bench_ledger WHERE job = j.id
) AS ledger ON true
WHERE j.kind = 'tiny'
"""
# Between them lies the work, not the start of the workers.
SECONDS = "SELECT extract(epoch FROM max(finished_at) - min(started_at)) FROM syncjobs_syncjob WHERE kind = 'tiny'"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many jobs lack something they should have done, did something twice, are not finished."""

    lost: int
    doubled: int
    stuck: int

    def __str__(self) -> str:
        return f"{self.lost} lost, {self.doubled} doubled, {self.stuck} stuck"


@contextmanager
def database(servers: Stage) -> Iterator[psycopg.Connection]:
    """A connection that commits each statement."""
    with psycopg.connect(servers.environment["DATABASE_URL"], autocommit=True) as connection:
        yield connection


def clear(servers: Stage, connection: psycopg.Connection) -> None:
    """No jobs, no messages, empty ledgers."""
    connection.execute("TRUNCATE syncjobs_syncjob CASCADE")
    connection.execute(TABLES)
    redis.Redis.from_url(servers.environment["REDIS_URL"]).flushdb()


def verdict(connection: psycopg.Connection, jobs: int) -> Verdict:
    """On so many tiny jobs that were asked for."""
    row = connection.execute(VERDICT).fetchone()
    assert row is not None
    sound, doubled, stuck = row
    return Verdict(jobs - sound, doubled, stuck)


def count(connection: psycopg.Connection, condition: str) -> int:
    """How many jobs fulfil it."""
    row = connection.execute(f"SELECT count(*) FROM syncjobs_syncjob WHERE {condition}").fetchone()
    assert row is not None
    return int(row[0])


def seconds(connection: psycopg.Connection) -> float:
    """From the first job's start to the last one's end."""
    row = connection.execute(SECONDS).fetchone()
    assert row is not None
    return float(row[0])
