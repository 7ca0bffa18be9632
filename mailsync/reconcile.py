"""Decide when a mirror is compared with its whole mailbox again, whatever history said."""

from datetime import timedelta

from django.conf import settings

from mailsync.models import Account, Preferences
from mailsync.preferences import zone
from syncjobs.clock import SyncNow

NIGHT = range(1, 6)  # hours of the owner's clock: few syncs run then, nobody waits for quota


def is_due(account: Account) -> bool:
    """Whether the newest proof is so old that the next sync by the clock should end with another."""
    every = settings.SYNC_RECONCILE
    if not every:
        return False
    now, last = (
        Account.objects.filter(pk=account.pk)
        .values_list(SyncNow(), "certificates__at")
        .order_by("-certificates__id")[0]
    )
    if last is None:
        return True
    chosen = Preferences.objects.filter(user=account.owner_id).values_list("time_zone", flat=True).first()
    return is_time(now - last, every, now.astimezone(zone(chosen or "")).hour)


def is_time(age: timedelta, every: timedelta, hour: int) -> bool:
    """In the owner's night a third early rather than in daylight; in daylight only when half as late again."""
    return age >= (every * 2 / 3 if hour in NIGHT else every * 3 / 2)
