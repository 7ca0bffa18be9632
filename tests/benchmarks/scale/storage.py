"""What a message takes in the tables beyond its compressed raw bytes, which are left out: by table, by index, by language."""

import time
from typing import Any

import psycopg

from tests.benchmarks import ledger
from tests.benchmarks.scale.kept import million
from tests.benchmarks.scale.measured import Measured
from tests.benchmarks.table import aligned
from tests.benchmarks.targets import figure

MOST = 6 * 1024  # bytes a message
TABLES = ("mailsync_message", "mailsync_rawmessage", "mailsync_change")
COUNT = "SELECT count(*) FROM mailsync_message"
SIZES = """
SELECT t.name, 'rows', pg_relation_size(c.oid) FROM unnest(%(tables)s::text[]) AS t(name) JOIN pg_class c ON c.relname = t.name
UNION ALL
SELECT t.name, 'large columns aside (TOAST)', pg_total_relation_size(c.reltoastrelid)
FROM unnest(%(tables)s::text[]) AS t(name) JOIN pg_class c ON c.relname = t.name WHERE c.reltoastrelid <> 0
UNION ALL
SELECT t.name, i.indexrelid::regclass::text, pg_relation_size(i.indexrelid)
FROM unnest(%(tables)s::text[]) AS t(name) JOIN pg_index i ON i.indrelid = t.name::regclass
ORDER BY 1, 3 DESC
"""
COLUMNS = """
SELECT count(*), avg(length(mailsync_terms(words))), avg(octet_length(words)), avg(pg_column_size(words)),
    avg(pg_column_size(subject) + pg_column_size(snippet) + pg_column_size("to") + pg_column_size(cc) + pg_column_size(attachments)
    + pg_column_size(labels) + pg_column_size(message_id) + pg_column_size(sender_name) + pg_column_size(sender_email))
FROM mailsync_message TABLESAMPLE SYSTEM (1) WHERE (strpos(words, '~') = 0) = %s
"""
RELABEL = """
UPDATE mailsync_message SET labels = array_append(labels, 'Label_99'), labels_as_of = labels_as_of + 1
WHERE id %% 100 = %s AND NOT 'Label_99' = ANY(labels)
"""


def rows() -> Measured:
    """Bytes a message, of all and of the last that came page by page; what a day's changes leave for VACUUM."""
    with million() as (servers, made), ledger.database(servers) as database:
        database.execute("SET statement_timeout = 0")
        database.execute("SELECT gin_clean_pending_list('mail_by_term')")
        number = _one(database, COUNT)[0]
        sizes = database.execute(SIZES, {"tables": list(TABLES)}).fetchall()
        notes = [_sizes(sizes, number), _columns(database), _vacuum(database), _made(made)]
    whole = sum(size for *_, size in sizes) / number
    paged = made["bytes a message of the last pages"]
    found = [
        figure(f"storage: bytes a message beyond its raw bytes, {number:,} messages", whole, MOST),
        figure("  the last of them, as pages bring them to full indexes", paged, MOST),
    ]
    return Measured(found, "\n\n".join(notes))


def _sizes(sizes: list[Any], number: int) -> str:
    lines = [[f"{table}: {part}", f"{size / 1e6:,.0f}", f"{size / number:,.0f}"] for table, part, size in sizes]
    whole = sum(size for *_, size in sizes)
    return aligned(
        ("where", "MB", "bytes a message"), [*lines, ["all", f"{whole / 1e6:,.0f}", f"{whole / number:,.0f}"]]
    )


def _columns(database: psycopg.Connection[Any]) -> str:
    lines = []
    for name, plain in (("words with blanks between", True), ("Chinese, Japanese, Korean", False)):
        count, *means = _one(database, COLUMNS, [plain])
        lines.append([name, f"{count:,}", *(f"{each:,.0f}" for each in means)])
    return aligned(
        ("of a sample, in the mean", "messages", "words or pairs", "bytes of words", "as kept", "other texts"),
        lines,
    )


def _vacuum(database: psycopg.Connection[Any]) -> str:
    """One message in a hundred has its labels changed, as in some days of a busy mailbox; then everything is vacuumed."""
    before = _one(database, "SELECT pg_database_size(current_database())")[0]
    begun = time.perf_counter()
    changed = database.execute(RELABEL, [_one(database, "SELECT (random() * 99)::int")[0]]).rowcount
    relabelled = time.perf_counter()
    database.execute("VACUUM ANALYZE mailsync_message")
    over = time.perf_counter()
    grown = (_one(database, "SELECT pg_database_size(current_database())")[0] - before) / 1e6
    return (
        f"{changed:,} messages relabelled in {relabelled - begun:.1f} s; VACUUM ANALYZE of mailsync_message thereafter: "
        f"{over - relabelled:.1f} s; the database grew by {grown:,.0f} MB"
    )


def _made(made: dict[str, Any]) -> str:
    return "How the mailbox was made, s: " + ", ".join(
        f"{name.removesuffix(', seconds')} {value}" for name, value in made.items() if name.endswith(", seconds")
    )


def _one(database: psycopg.Connection[Any], query: str, values: Any = None) -> Any:
    row = database.execute(query, values).fetchone()
    assert row is not None
    return row
