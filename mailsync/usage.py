"""Keep the ledger of the units that each account spends of Gmail's quota."""

import logging
from typing import Protocol

from django.db import DatabaseError, InterfaceError, connection

from syncjobs.meters import meters

log = logging.getLogger(__name__)

_SPEND = """
INSERT INTO mailsync_usage (account_id, day, units, requests)
SELECT id, (sync_now() AT TIME ZONE 'UTC')::date, %s, %s FROM mailsync_account WHERE id = %s
ON CONFLICT (account_id, day) DO UPDATE
SET units = mailsync_usage.units + excluded.units, requests = mailsync_usage.requests + excluded.requests
"""


def spent(account_id: int, units: int, requests: int) -> None:
    """Add to today's line (UTC)."""
    _count(units, requests)
    _write(account_id, units, requests)


def _count(units: int, requests: int) -> None:
    meters.count("quota_units", units)
    meters.count("gmail_requests", requests)


def _write(account_id: int, units: int, requests: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SPEND, [units, requests, account_id])  # of one that is erased by now nothing is owed


class Spender(Protocol):
    """A client that counts what it spends."""

    @property
    def units(self) -> int: ...
    @property
    def requests(self) -> int: ...


class Meter:
    """What one client spends, told to the ledger with each page that it paid for, and the rest in the end.

    `told` are the units and requests that the ledger knows of; whoever tells within a transaction sets it after the commit.
    """

    def __init__(self, account_id: int, gmail: Spender) -> None:
        self.told = (0, 0)
        self._account_id, self._gmail = account_id, gmail
        self._counted = (0, 0)  # told to the meters, which no rollback takes back

    def tell(self) -> tuple[int, int]:
        """Add what the ledger does not know; what `told` is once that is committed."""
        now = (self._gmail.units, self._gmail.requests)
        _count(now[0] - self._counted[0], now[1] - self._counted[1])
        self._counted = now
        if now != self.told:
            _write(self._account_id, now[0] - self.told[0], now[1] - self.told[1])
        return now

    def finish(self) -> None:
        """Add the rest, whatever became of the work; a ledger that cannot be written is no reason to fail."""
        try:
            self.told = self.tell()
        except (DatabaseError, InterfaceError) as error:
            log.warning("units of account %s are not in the ledger: %s", self._account_id, type(error).__name__)
