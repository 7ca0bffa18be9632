"""Connect a mailbox: keep its grant, give it a schedule."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from mailsync import audit, watch
from mailsync.models import Account, Checkpoint
from mailsync.schedule import phase
from syncjobs.clock import SyncNow


def connect(
    owner: User,
    email: str,
    grant: str,
    policy: str = Account.Policy.BOTH,
    *,
    by: str = "",
    ends_at: datetime | None = None,
) -> Account:
    """The account of `owner` for `email`, new or reconnected; its mirror stays. Its first scheduled sync is an interval away.

    `policy` is for a new one: how much of each message is mirrored. `by` is who connects it, if not its owner;
    `ends_at` when Google will end the grant, where it says so.
    The row is locked: an account that is disconnected at this moment is connected again, one that is erased begun anew.
    """
    with transaction.atomic():
        account, created = Account.objects.select_for_update(no_key=True).get_or_create(
            owner=owner, email=email.lower(), defaults={"credentials": grant, "policy": policy}
        )
        back = account.state == Account.State.DISCONNECTED
        account.credentials, account.state, account.grant_ends_at = grant, Account.State.OK, ends_at
        account.save(update_fields=["credentials", "state", "grant_ends_at"])
        if back:
            Account.objects.filter(pk=account.pk).update(sync_message_code="reconnected")
        if created or account.next_sync_at is None:
            spread = phase(account.pk, account.interval) if not created else account.interval
            Account.objects.filter(pk=account.pk).update(next_sync_at=SyncNow() + spread)
        Checkpoint.objects.get_or_create(account=account)
        watch.look_again(account.email)
        audit.record("connected" if created else "reconnected", by=by or owner, mailbox=account)
    account.refresh_from_db()
    return account
