import pytest
from django.test import Client

from mailsync import emptied
from mailsync.models import Account, Checkpoint
from mailsync.schedule import request_sync
from mailsync.sync.scopes import CONFIRMED, FULL
from syncjobs import lifecycle, runner
from syncjobs.models import SyncJob
from syncjobs.states import State, Trigger
from tests.mailsync.mirror import assert_exact, held, sync
from tests.mailsync.simulated import Gmail


@pytest.fixture
def synced(account: Account) -> Account:
    assert sync(account).state == State.SUCCEEDED
    return account


@pytest.fixture
def missing(synced: Account, gmail: Gmail) -> Account:
    """Everything is gone, and history does not say why."""
    gmail.delete(gmail.ids())
    gmail.expire_history()
    failed = sync(synced)
    assert (failed.state, failed.error_code) == (State.FAILED, "suddenly_empty")
    assert failed.error_params == {"listed": 0, "mirrored": 40}
    return synced


def run(job: SyncJob) -> SyncJob:
    while job.is_active:
        found = runner.run(job.pk, "worker")
        assert found is not None
        job = found
    return job


def test_a_confirmed_pass_marks_everything_as_gone(missing: Account, gmail: Gmail) -> None:
    done = run(emptied.confirm(missing, trigger=Trigger.BUTTON).job)
    assert (done.state, done.mode, done.stats["deleted"]) == (State.SUCCEEDED, FULL, 40)
    assert held(missing) == {}
    assert_exact(missing, gmail)
    missing.refresh_from_db()
    assert missing.complete_as_of is not None
    with pytest.raises(emptied.NothingToConfirm):
        emptied.confirm(missing, trigger=Trigger.BUTTON)


def test_a_confirmation_holds_for_a_sync_that_was_asked_for_before(missing: Account) -> None:
    waiting = request_sync(missing, trigger=Trigger.BUTTON).job
    answer = emptied.confirm(missing, trigger=Trigger.BUTTON)
    assert (answer.job.pk, answer.created, answer.job.params) == (waiting.pk, False, {CONFIRMED: True})
    assert run(answer.job).state == State.SUCCEEDED and held(missing) == {}


def test_a_sync_cancelled_in_between_takes_nothing_back(missing: Account) -> None:
    lifecycle.cancel(request_sync(missing, trigger=Trigger.BUTTON).job, by="anna")
    assert emptied.awaits_confirmation(missing)


def test_a_mailbox_that_lists_less_than_a_tenth_of_much_is_not_emptied_either(synced: Account, gmail: Gmail) -> None:
    gmail.deliver(70)
    sync(synced)
    before = held(synced)
    back = gmail.ids()[:8]
    gmail.delete(gmail.ids()[8:])
    gmail.expire_history()
    for _ in range(2):
        failed = sync(synced)
        assert (failed.error_code, held(synced)) == ("suddenly_empty", before)
        assert Checkpoint.objects.get(account=synced).position["page_token"] is None
    done = run(emptied.confirm(synced, trigger=Trigger.BUTTON).job)
    assert done.state == State.SUCCEEDED and set(held(synced)) == set(back)


def test_over_http_it_is_confirmed_once_and_only_when_it_is_missing(
    anna_browser: Client, synced: Account, gmail: Gmail
) -> None:
    address = f"/api/accounts/{synced.pk}/confirm-empty/"
    refused = anna_browser.post(address)
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_confirm")
    gmail.delete(gmail.ids())
    gmail.expire_history()
    sync(synced)
    page = anna_browser.get(f"/accounts/{synced.pk}/").content.decode()
    assert "Gmail lists 0 messages, although this mirror holds 40" in page and "/confirm-empty/" in page
    assert [anna_browser.post(address).status_code for _ in range(2)] == [202, 200]
    run(SyncJob.objects.active().get())
    assert held(synced) == {}
    assert anna_browser.post(address).status_code == 409
    assert "/confirm-empty/" not in anna_browser.get(f"/accounts/{synced.pk}/").content.decode()


def test_the_button_on_the_page_confirms(anna_browser: Client, missing: Account) -> None:
    said = anna_browser.post(f"/accounts/{missing.pk}/confirm-empty/", {"next": "/"}, follow=True)
    assert "Sync started." in said.content.decode()
    run(SyncJob.objects.active().get())
    assert held(missing) == {}
    said = anna_browser.post(f"/accounts/{missing.pk}/confirm-empty/", follow=True)
    assert "there is nothing to confirm" in said.content.decode()


@pytest.fixture
def anna_browser(account: Account) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(account.owner)
    return client
