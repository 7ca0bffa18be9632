"""Let users rest or go: their syncs end, their grants are given back, in the end nothing of them is left.

To deactivate a user is Django's own `is_active`, whoever sets it: what follows from it is found on the rows.
"""

from contextlib import suppress

from axes.models import AccessAttempt
from django.contrib.admin.models import LogEntry
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import transaction

from mailsync import audit
from mailsync.disconnect import disconnect
from mailsync.models import Account, ApiToken, Invitation, Leaving, Letter
from mailsync.names import digest
from syncjobs import lifecycle
from syncjobs.errors import AlreadyFinished
from syncjobs.models import SyncJob

MOST_AT_ONCE = 50


def leave(user: User, *, by: str) -> None:
    """Delete a user with everything: shut out at once, each mailbox disconnected and erased row by row, then the user."""
    with transaction.atomic(durable=True):
        Leaving.objects.get_or_create(user=user, defaults={"by": by})
        User.objects.filter(pk=user.pk).update(is_active=False)
        ApiToken.objects.filter(user=user).delete()
        audit.record("user_deactivated", by=by, user=user.get_username())
    rest(user.pk)
    for account in Account.objects.filter(owner=user):
        _let_go(account, by)


def rest(owner: int) -> None:
    """End what is active of a user; nothing is started for one who is not active."""
    for job in SyncJob.objects.active().filter(owner=owner):
        _cancel(job)


def tick() -> int:
    """End what is active of users who are deactivated, then see off those of whom no mailbox is left. Returns how many went."""
    for job in SyncJob.objects.active().filter(owner__is_active=False).order_by("pk")[:MOST_AT_ONCE]:
        _cancel(job)
    return sum(_gone(row) for row in Leaving.objects.select_related("user").order_by("asked_at")[:MOST_AT_ONCE])


def _gone(row: Leaving) -> bool:
    for account in Account.objects.filter(owner=row.user_id):  # what a crash left
        _let_go(account, row.by)
    with transaction.atomic():
        user = User.objects.select_for_update().filter(pk=row.user_id).first()
        if user is None or Account._base_manager.filter(owner=user).exists():
            return False
        audit.record("user_deleted", by=row.by, user=user.get_username())
        _forget(user)
        user.delete()
    return True


def _forget(user: User) -> None:
    """What names a user without referring to them; the audit log alone keeps the name, for its year."""
    mine = str(user.pk)
    sessions = Session.objects.order_by().iterator(chunk_size=500)
    Session.objects.filter(
        pk__in=[each.pk for each in sessions if each.get_decoded().get(SESSION_KEY) == mine]
    ).delete()
    LogEntry.objects.filter(content_type__app_label="auth", content_type__model="user", object_id=mine).delete()
    AccessAttempt.objects.filter(username=digest(user.get_username())).delete()
    if user.email:
        Letter.objects.filter(address__iexact=user.email).delete()
        Invitation.objects.filter(email__iexact=user.email).delete()


def _let_go(account: Account, by: str) -> None:
    with suppress(Account.DoesNotExist):  # it is being erased by now
        disconnect(account, by=by, erase=True)


def _cancel(job: SyncJob) -> None:
    with suppress(AlreadyFinished):  # it ended in between
        lifecycle.cancel(job, by="")
