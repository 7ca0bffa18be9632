"""Let a person confirm that a mailbox which suddenly lists (almost) nothing really was emptied."""

from mailsync.models import Account
from mailsync.schedule import request_scope
from mailsync.sync.ports import SuddenlyEmpty
from mailsync.sync.scopes import CONFIRMED, FULL
from syncjobs.admission import Scope
from syncjobs.errors import NotRetryable
from syncjobs.lifecycle import Answer
from syncjobs.models import SyncJob
from syncjobs.states import State, Trigger


class NothingToConfirm(NotRetryable):
    """The last sync did not stop because of missing mail."""

    code = "nothing_to_confirm"


def awaits_confirmation(account: Account) -> bool:
    """Whether the last sync that came to an end by itself stopped rather than mark (almost) everything as deleted."""
    ended = SyncJob.objects.filter(resource=account.resource, state__in=(State.SUCCEEDED, State.FAILED))
    last = ended.order_by("-pk").values_list("error_code", flat=True).first()
    return last == SuddenlyEmpty.code


def confirm(account: Account, *, trigger: Trigger) -> Answer:
    """Start a sync that may mark everything as deleted. Raises NothingToConfirm, Paused, ReconnectNeeded."""
    if not awaits_confirmation(account):
        raise NothingToConfirm(account.email)
    return request_scope(account, Scope(FULL, {CONFIRMED: True}), trigger=trigger)
