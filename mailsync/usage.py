"""Keep the ledger of the units that each account spends of Gmail's quota."""

from django.db import connection

_SPEND = """
INSERT INTO mailsync_usage (account_id, day, units, requests)
VALUES (%s, (sync_now() AT TIME ZONE 'UTC')::date, %s, %s)
ON CONFLICT (account_id, day) DO UPDATE
SET units = mailsync_usage.units + excluded.units, requests = mailsync_usage.requests + excluded.requests
"""


def spent(account_id: int, units: int, requests: int) -> None:
    """Add to today's line (UTC)."""
    with connection.cursor() as cursor:
        cursor.execute(_SPEND, [account_id, units, requests])
