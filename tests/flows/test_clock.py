"""The clock, told whole: beat, tick, worker."""

import subprocess
import sys

from tests.flows.product import ROOT, Product, eventually

DUE_NOW = """
from mailsync.models import Account
from syncjobs.clock import SyncNow
Account.objects.filter(pk={}).update(next_sync_at=SyncNow())
"""


def test_a_due_account_syncs_by_itself_and_a_second_beat_changes_nothing(product: Product, account: int) -> None:
    beat = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "config", "beat", "--pidfile=", "--loglevel", "ERROR"],
        cwd=ROOT,
        env=product.environment | product.servers,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        product.manage("shell", "-v", "0", "-c", DUE_NOW.format(account))
        jobs = eventually(lambda: jobs_of(product, account), within=60)
        final = product.finished(jobs[0]["task_id"])
        still = jobs_of(product, account)
    finally:
        beat.terminate()
        beat.wait(timeout=60)

    assert (final["state"], final["trigger"]) == ("SUCCEEDED", "clock")
    assert len(still) == 1
    next_at = product.call("GET", f"/api/accounts/{account}/").json()["next_sync_at"]
    assert next_at > final["finished_at"]


def jobs_of(product: Product, account: int) -> list[dict]:
    """The jobs of one account."""
    return product.call("GET", "/api/jobs/", params={"account": account}).json()["results"]
