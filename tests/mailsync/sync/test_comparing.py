import pytest
from django.db import connection

from mailsync.models import Account
from mailsync.sync import comparing

FILLED = """
INSERT INTO mailsync_listed (account_id, gmail_id, thread_id, wanted, large)
SELECT %s, n, n, true, false FROM generate_series(1, 2000) AS n
"""


@pytest.mark.parametrize(
    "statement",
    [comparing.MISSING, comparing.UNLISTED, comparing.WANT_MISSING, comparing.LABEL_REMOVED],
    ids=["missing", "unlisted", "want missing", "label removed"],
)
def test_whole_mailboxes_are_compared_as_sets_even_before_postgres_knows_their_size(
    account: Account, statement: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(FILLED, [account.pk])
        cursor.execute(
            f"EXPLAIN {statement}", {"account": account.pk, "limit": 5000, "label": "INBOX", "as_of": 9, "job": "j"}
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "SetOp" in plan
    assert "Nested Loop" not in plan
