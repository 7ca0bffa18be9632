"""Try at once what could not be mirrored yet."""

from mailsync.models import Account, Failure
from mailsync.schedule import request_scope
from syncjobs.clock import SyncNow
from syncjobs.lifecycle import Answer
from syncjobs.states import Trigger


def retry(account: Account, *, trigger: Trigger) -> Answer:
    """Make all debts of the account due, start a sync that pays them. Raises Paused, ReconnectNeeded.

    A sync that is under way may be past its debts: it goes on with a further pass.
    """
    Failure.objects.filter(account=account, next_try_at__gt=SyncNow()).update(next_try_at=SyncNow())
    return request_scope(account, None, trigger=trigger, again=True)
