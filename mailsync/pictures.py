"""Count what is drawn of a mailbox, whenever it has changed: exact numbers, nothing smoothed."""

import logging
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, Q
from django.db.models.functions import Coalesce

from mailsync.models import Account, Pictures
from syncjobs.clock import in_

log = logging.getLogger(__name__)

REST = timedelta(minutes=5)  # a mailbox that changes all the time is not counted all the time
SHORT_REST = timedelta(seconds=5)  # after a sync, whose end people wait for
SHARE = 200  # of what a count takes is it left alone at least: it costs half a percent of one core
MOST_AT_ONCE, SECONDS = 50, 10.0  # of one tick
MOST_SENDERS, MOST_LABELS, LAST_DAYS = 20, 30, 30

# Deleted mail is no part of any picture; spam and trash only of the sizes. What one sent is no "mail received".
MONTHS = """
SELECT to_char(internal_date AT TIME ZONE %(zone)s, 'YYYY-MM') AS month,
    count(*) FILTER (WHERE NOT labels && '{SENT,DRAFT}'), count(*) FILTER (WHERE labels && '{SENT}')
FROM mailsync_message WHERE account_id = %(account)s AND deleted_at IS NULL AND NOT labels && '{SPAM,TRASH}'
GROUP BY month ORDER BY month
"""
HOURS = """
SELECT extract(isodow FROM at)::int, extract(hour FROM at)::int, count(*)
FROM (
    SELECT internal_date AT TIME ZONE %(zone)s AS at FROM mailsync_message
    WHERE account_id = %(account)s AND deleted_at IS NULL AND NOT labels && '{SPAM,TRASH,SENT,DRAFT}'
) AS received
GROUP BY 1, 2 ORDER BY 1, 2
"""
SENDERS = """
SELECT lower(sender_email) AS address, max(sender_name), count(*), sum(size)::bigint
FROM mailsync_message
WHERE account_id = %(account)s AND deleted_at IS NULL AND NOT labels && '{SPAM,TRASH,SENT,DRAFT}' AND sender_email <> ''
GROUP BY address ORDER BY 3 DESC, address LIMIT %(senders)s
"""
LABELS = """
SELECT label, coalesce(min(named.name), label), count(*), sum(size)::bigint
FROM mailsync_message AS mail CROSS JOIN unnest(mail.labels) AS label
LEFT JOIN mailsync_label AS named ON named.account_id = mail.account_id AND named.label_id = label
WHERE mail.account_id = %(account)s AND deleted_at IS NULL AND label <> 'UNREAD'
GROUP BY label ORDER BY 4 DESC, label LIMIT %(labels)s
"""
SYNCS = """
SELECT to_char(created_at AT TIME ZONE %(zone)s, 'YYYY-MM-DD') AS day,
    count(*) FILTER (WHERE state = 'SUCCEEDED'), count(*) FILTER (WHERE state = 'FAILED'),
    count(*) FILTER (WHERE state = 'CANCELLED'), coalesce(sum((stats ->> 'added')::bigint), 0)::bigint
FROM syncjobs_syncjob
WHERE resource = %(resource)s AND finished_at IS NOT NULL AND created_at > sync_now() - %(days)s * interval '1 day'
GROUP BY day ORDER BY day
"""
TOTAL = """
SELECT count(*), coalesce(sum(size), 0)::bigint FROM mailsync_message WHERE account_id = %(account)s AND deleted_at IS NULL
"""
QUESTIONS = {
    "months": MONTHS,
    "hours": HOURS,
    "senders": SENDERS,
    "labels": LABELS,
    "syncs": SYNCS,
    "total": TOTAL,
}


def tick() -> int:
    """Count what is due, for so long. Returns how many mailboxes were; any number may run at once."""
    until, pks = time.monotonic() + SECONDS, list(due().values_list("pk", flat=True)[:MOST_AT_ONCE])
    return sum(_redraw(pk) for pk in pks if time.monotonic() < until)


def due() -> Any:
    """Accounts never counted; those that changed, or whose owner lives by another clock, since they were."""
    zone = Coalesce("owner__preferences__time_zone", F("pictures__zone"))
    as_of = F("pictures__as_of")
    rested = Q(rested_at__lt=in_(timedelta()))
    synced = rested & Q(last_success_at__gt=as_of, pictures__as_of__lt=in_(-SHORT_REST))
    changed = rested & Q(checkpoint__updated_at__gt=as_of, pictures__as_of__lt=in_(-REST))
    moved = ~Q(zone="") & ~Q(pictures__zone=F("zone"))
    rested_at = ExpressionWrapper(as_of + F("pictures__took") * SHARE, output_field=DateTimeField())
    found = Account.objects.annotate(zone=zone, rested_at=rested_at).filter(Q(pictures=None) | synced | changed | moved)
    return found.order_by(as_of.asc(nulls_first=True), "pk")


def _redraw(pk: int) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # Not the account's row: a click would wait for it.
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended('mailsync.pictures', %s))", [pk])
            (free,) = cursor.fetchone()
            account = Account.objects.select_related("owner__preferences").filter(pk=pk).first()
            if not free or account is None:
                return False
            zone = zone_of(account)
            began = time.monotonic()
            as_of, data = _counted(cursor, account, zone)
            counted = {"as_of": as_of, "took": timedelta(seconds=time.monotonic() - began), "zone": zone, "data": data}
            Pictures.objects.update_or_create(account=account, defaults=counted)
            return True
    except DatabaseError as trouble:  # erased meanwhile; a zone that Postgres has not heard of
        log.warning("mailbox %s is not counted: %s", pk, trouble)
        return False


def zone_of(account: Account) -> str:
    """The owner's zone, by which a day and an hour are meant; UTC where none is chosen."""
    preferences = getattr(account.owner, "preferences", None)
    return (preferences and preferences.time_zone) or "UTC"


def _counted(cursor: Any, account: Account, zone: str) -> tuple[datetime, dict[str, Any]]:
    values = {
        "account": account.pk,
        "resource": account.resource,
        "zone": zone,
        "senders": MOST_SENDERS,
        "labels": MOST_LABELS,
        "days": LAST_DAYS,
    }
    cursor.execute("SELECT sync_now()")
    (as_of,) = cursor.fetchone()
    return as_of, {name: list(_rows(cursor, text, values)) for name, text in QUESTIONS.items()}


def _rows(cursor: Any, text: str, values: dict[str, Any]) -> Iterator[list[Any]]:
    cursor.execute(text, values)
    yield from (list(row) for row in cursor.fetchall())
