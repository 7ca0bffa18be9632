"""Fill a database with big mailboxes: a synced one, multiplied by the database itself."""

from django.contrib.auth.models import User
from django.db import connection

from mailsync.connect import connect
from mailsync.credentials import user_grant
from mailsync.models import Account, Message
from tests.benchmarks.mirror import sync
from tests.benchmarks.reading import measured

BIG, SMALL = 100_000, 20_000
ONE_SECOND = 5_000  # an import does that

# Each copy of the model lies three days before the last one, has threads of its own, and words that one, about a hundred
# and about a thousand mails of the whole have.
COPY = """
INSERT INTO mailsync_message (
    account_id, gmail_id, thread_id, labels, labels_as_of, history_id, internal_date, size, snippet, subject, sender_name,
    sender_email, "to", cc, date, message_id, has_attachments, attachments, defects, words)
SELECT %(account)s, lpad(to_hex(((extract(epoch FROM at) * 1000)::bigint << 20) + n), 16, '0'),
    lpad(to_hex(('x' || lpad(thread_id, 16, '0'))::bit(64)::bigint - copy), 16, '0'), labels, labels_as_of, history_id, at,
    size, snippet, subject || ' ' || extra, sender_name, sender_email, "to", cc, date, n || message_id, has_attachments,
    attachments, defects, ' ' || extra || words
FROM (
    SELECT *, format('case%%s topic%%s team%%s', n, n %% 997, n %% 97) AS extra,
        CASE WHEN n <= %(one_second)s THEN timestamptz '2026-03-01 12:00:00+00'
             ELSE internal_date - copy * interval '3 days 1 hour 7 seconds' END AS at
    FROM (
        SELECT *, row_number() OVER (ORDER BY copy, id) AS n
        FROM mailsync_message, generate_series(1, %(copies)s) AS copy
        WHERE account_id = %(model)s
    ) AS multiplied
) AS dated
"""


def main(email: str, postmaster: int) -> None:
    """`one` has a mailbox of 100,000 messages, `two` has the like and another one of 20,000."""
    model = connect(User.objects.create_user("model"), email, user_grant(f"sim-refresh-{email}"))
    print(measured(lambda: fill(model), postmaster).dumps())


def fill(model: Account) -> int:
    """How many messages there are in the end."""
    messages = sync(model)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")  # no page writes a hundred thousand messages
    for owner, email, size in (
        ("one", "a@example.com", BIG),
        ("two", "b@example.com", BIG),
        ("two", "c@example.com", SMALL),
    ):
        account = connect(User.objects.get_or_create(username=owner)[0], email, user_grant("none"))
        with connection.cursor() as cursor:
            cursor.execute(
                COPY, {"account": account.pk, "model": model.pk, "copies": size // messages, "one_second": size // 20}
            )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")  # as autovacuum would have
    return Message.objects.count()
