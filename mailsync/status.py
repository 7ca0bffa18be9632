"""Say how accounts stand."""

from collections.abc import Sequence
from typing import Any

from mailsync.models import Account
from syncjobs import liveness
from syncjobs.models import SyncJob
from syncjobs.serializers import job_json, moment
from syncjobs.states import Queue, State
from syncjobs.texts import text

KIND = "mailbox"


def of_accounts(accounts: Sequence[Account]) -> list[dict[str, Any]]:
    """The contract's status of each account, in three queries for any number of them."""
    jobs = newest_jobs(accounts)
    consumed = liveness.is_consumed(Queue.INTERACTIVE)
    return [_one(account, jobs.get(account.resource), consumed) for account in accounts]


def newest_jobs(accounts: Sequence[Account]) -> dict[str, SyncJob]:
    """The newest job of each account, by its resource."""
    resources = [account.resource for account in accounts]
    newest = SyncJob.objects.filter(resource__in=resources).order_by("resource", "-id").distinct("resource")
    return {job.resource: job for job in newest}


def message_of(account: Account) -> str:
    """The account's own sentence, in the active language."""
    return text(KIND, account.sync_message_code, account.sync_message_params)


def _one(account: Account, newest: SyncJob | None, consumed: bool) -> dict[str, Any]:
    job = job_json(newest) if newest is not None else None
    failed = newest is not None and newest.state == State.FAILED
    return {
        "account": account.pk,
        "email": account.email,
        "state": "paused" if account.paused_at else account.state,
        "is_syncing": newest is not None and newest.state == State.RUNNING,
        "task_id": job["task_id"] if job else None,
        "sync_type": job["sync_type"] if job else None,
        "started_at": job["started_at"] if job else None,
        "updated_at": job["updated_at"] if job else None,
        "progress_percentage": job["progress_percentage"] if job else 0.0,
        "current_stats": job["stats"] if job else None,
        "error_message": job["error"]["message"] if job and failed else None,
        "last_sync_attempt": moment(account.last_sync_attempt),
        "last_success_at": moment(account.last_success_at),
        "next_sync_at": moment(account.next_sync_at),
        "sync_message": message_of(account),
        "complete_as_of": moment(account.complete_as_of),
        "worker_available": consumed,
    }
