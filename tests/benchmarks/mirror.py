"""Sync a mailbox fully as `sync_account` does, in this one process."""

from django.contrib.auth.models import User
from django.db import connection

from mailsync import schedule
from mailsync.connect import connect
from mailsync.credentials import user_grant
from mailsync.models import Account
from syncjobs import runner
from syncjobs.states import State, Trigger
from tests.benchmarks.reading import measured


def main(email: str, postmaster: int) -> None:
    """Print the reading of one full sync; a worker has long connected and imported, so that comes before."""
    owner = User.objects.create_user("bench")
    account = connect(owner, email, user_grant(f"sim-refresh-{email}"), Account.Policy.ARCHIVE)
    connection.ensure_connection()
    print(measured(lambda: sync(account), postmaster).dumps())


def sync(account: Account) -> int:
    """How many messages a full sync has added."""
    job = schedule.request_sync(account, trigger=Trigger.API, full=True).job
    while job.is_active:
        later = runner.run(job.pk, "benchmark")
        assert later is not None, "somebody else works on this job"
        job = later
    assert job.state == State.SUCCEEDED, (job.error_code, job.error_params, job.traceback)
    return int(job.stats["added"])
