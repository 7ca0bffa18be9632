"""Record on the account what a finished job means for it."""

from mailsync import pushed
from mailsync.models import Account, Certificate, Checkpoint, Failure
from mailsync.notices import edges, outbox
from mailsync.schedule import request_backfill
from mailsync.sync.scopes import BATCH, MORE_TO_DO, WINDOW
from syncjobs.clock import SyncNow
from syncjobs.models import SyncJob
from syncjobs.states import State, Trigger

GRANT_IS_DEAD = edges.GRANT_IS_DEAD


def record(job: SyncJob, state: State, code: str) -> None:
    """Called inside the finishing transaction, before the job's row is locked: accounts come first in the lock order."""
    account = Account.objects.select_for_update(no_key=True).filter(pk=job.facts.get("account")).first()
    if account is None or account.state == Account.State.DISCONNECTED:
        return  # what its last job came to means nothing for it any more
    accounts = Account.objects.filter(pk=account.pk)
    pushed.ended(job, account)
    if state is State.SUCCEEDED:
        accounts.update(sync_message_code="sync_done", sync_message_params={}, last_success_at=SyncNow())
        if job.mode != WINDOW and not stopped_short(job) and is_complete(account):
            accounts.update(complete_as_of=SyncNow())
        elif Certificate.objects.filter(account=account, job=job.task_id).exists():
            accounts.update(complete_as_of=None)  # it was compared, and found to lack something
        request_backfill(account, trigger=Trigger(job.trigger))
    elif state is State.FAILED:
        accounts.update(sync_message_code=code, sync_message_params=job.error_params)
        if code in GRANT_IS_DEAD:
            accounts.update(state=Account.State.RECONNECT)
    else:
        accounts.update(sync_message_code="sync_cancelled", sync_message_params={})
    outbox.ended(account, state, code, job)


def record_backfill(job: SyncJob, state: State, code: str) -> None:
    """The same for a job that only brings raw bytes: it says something of the grant alone."""
    if state is State.FAILED and code in GRANT_IS_DEAD:
        mine = Account.objects.filter(pk=job.facts.get("account"), state=Account.State.OK)
        account = mine.select_for_update(no_key=True).first()
        if account is not None:
            mine.update(state=Account.State.RECONNECT, sync_message_code=code, sync_message_params=job.error_params)
            outbox.ended(account, state, code, job)


def stopped_short(job: SyncJob) -> bool:
    """Whether a batch ended with its request, before its work was done."""
    return job.mode == BATCH and job.events.filter(code=MORE_TO_DO).exists()


def is_complete(account: Account) -> bool:
    """Whether the newest proof still holds: no pass is open, nothing is owed, and its gaps were all paid since.

    History carried it forward unbroken: a break would have opened a pass that ends with a new proof.
    """
    if Checkpoint.objects.filter(account=account).exclude(position={}).exists():
        return False
    proof = Certificate.objects.filter(account=account).order_by("-id").first()
    return proof is not None and proof.lacks_debts_alone and not Failure.objects.filter(account=account).exists()
