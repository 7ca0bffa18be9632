"""The ledger of units: what Gmail counted, whatever became of the work."""

import pytest
from django.core.management import call_command

from mailsync import usage
from mailsync.models import Account, Usage
from syncjobs.states import State
from tests.mailsync.mirror import sync
from tests.mailsync.simulated import Gmail
from tests.mailsync.sync.test_job import falter


@pytest.fixture(autouse=True)
def counted(gmail: Gmail) -> None:
    gmail.control("reset-stats")


def requests(gmail: Gmail) -> int:
    """HTTP requests to the API, batches as one."""
    counted = gmail.ask("stats")["http"]
    return int(counted.get("single", 0) + counted.get("batch", 0))


def test_a_sync_is_in_the_ledger_to_the_last_call(account: Account, gmail: Gmail) -> None:
    assert sync(account).state == State.SUCCEEDED
    assert (line := Usage.objects.get(account=account)).units == gmail.units()
    assert line.requests == requests(gmail)


def test_a_sync_with_nothing_to_do_is_there_too(account: Account, gmail: Gmail) -> None:
    sync(account)
    before = gmail.units()
    sync(account)
    assert Usage.objects.get(account=account).units == gmail.units() > before


def test_slices_that_were_lost_are_paid_for_as_well(account: Account, gmail: Gmail) -> None:
    for page in range(6):
        falter(account, page)
    assert Usage.objects.get(account=account).units == gmail.units()


def test_a_comparison_is_paid_for(account: Account, gmail: Gmail) -> None:
    sync(account)
    before = Usage.objects.get(account=account).units
    call_command("verify_account", account.email, sample=2)
    assert Usage.objects.get(account=account).units == gmail.units() > before


def test_whoever_is_erased_while_somebody_spends_owes_nothing(account: Account) -> None:
    pk = account.pk
    account.delete()
    usage.spent(pk, 20, 1)
    assert not Usage.objects.exists()
