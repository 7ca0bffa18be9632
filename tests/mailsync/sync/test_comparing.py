import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from mailsync.models import Account
from mailsync.sync import comparing

# Undone with the test; until then nothing that autovacuum or another test made known of these tables is.
EMPTIED = "TRUNCATE mailsync_message, mailsync_rawmessage, mailsync_body, mailsync_listed, mailsync_failure CASCADE"
FILLED = """
INSERT INTO mailsync_listed (account_id, gmail_id, thread_id, wanted, large)
SELECT %s, n, n, true, false FROM generate_series(1, 2000) AS n
"""


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan's node and all below it."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


@pytest.mark.parametrize(
    "statement",
    [comparing.MISSING, comparing.UNLISTED, comparing.WANT_MISSING, comparing.LABEL_REMOVED],
    ids=["missing", "unlisted", "want missing", "label removed"],
)
def test_whole_mailboxes_are_compared_as_sets_even_before_postgres_knows_their_size(
    account: Account, statement: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(EMPTIED)
        cursor.execute(FILLED, [account.pk])
        cursor.execute(
            f"EXPLAIN (FORMAT JSON) {statement}",
            {"account": account.pk, "limit": 5000, "label": "INBOX", "as_of": 9, "job": "j"},
        )
        ((answer,),) = cursor.fetchall()
    found = answer if isinstance(answer, list) else json.loads(answer)
    plan = list(nodes(found[0]["Plan"]))
    assert "SetOp" in [node["Node Type"] for node in plan]
    # Row by row is as good where each row costs one look into a primary key, however many there are.
    looked_up = [node["Plans"][1] for node in plan if node["Node Type"] == "Nested Loop"]
    assert [
        node.get("Index Name", node["Node Type"]) for node in looked_up if "_pkey" not in node.get("Index Name", "")
    ] == []
