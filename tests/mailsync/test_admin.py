"""The back office of accounts."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from mailsync.models import Account, ApiToken, Certificate, Failure
from syncjobs.models import SyncJob
from syncjobs.states import Trigger

pytestmark = pytest.mark.django_db
LIST = "/admin/mailsync/account/"


@pytest.fixture
def account(admin_user: User) -> Account:
    return Account.objects.create(owner=admin_user, email="anna@example.com", credentials="secret grant")


@pytest.fixture
def act(admin_client: Client, account: Account) -> Callable[[str], Any]:
    def choose(action: str) -> Any:
        return admin_client.post(LIST, {"action": action, "_selected_action": [account.pk]}, follow=True)

    return choose


def test_sync_now_starts_a_job_for_the_admin(act: Callable[[str], Any], account: Account) -> None:
    act("sync_now")
    made = SyncJob.objects.get()
    assert (made.trigger, made.resource) == (Trigger.ADMIN, account.resource)


def test_pause_rests_and_resume_wakes(act: Callable[[str], Any], account: Account) -> None:
    act("pause")
    account.refresh_from_db()
    assert account.paused_at is not None
    assert "is paused" in act("sync_now").content.decode()
    assert not SyncJob.objects.exists()
    act("resume")
    account.refresh_from_db()
    assert account.paused_at is None


def test_a_dead_grant_is_told_instead_of_started(act: Callable[[str], Any], account: Account) -> None:
    Account.objects.update(state=Account.State.RECONNECT)
    assert "needs to be connected again" in act("sync_now").content.decode()
    assert not SyncJob.objects.exists()


def test_disconnect_lets_go_of_the_mailbox_with_its_mirror_kept(act: Callable[[str], Any], account: Account) -> None:
    Account.objects.update(credentials="")
    act("disconnect")
    account.refresh_from_db()
    assert (account.state, account.erasing_since) == (Account.State.DISCONNECTED, None)
    assert "needs to be connected again" in act("sync_now").content.decode()


def test_the_grant_is_shown_nowhere(admin_client: Client, account: Account) -> None:
    for path in (LIST, f"{LIST}{account.pk}/change/"):
        assert "secret grant" not in admin_client.get(path).content.decode()


def test_a_mailbox_is_neither_added_nor_deleted_by_hand(admin_client: Client, account: Account) -> None:
    assert admin_client.get(f"{LIST}add/").status_code == 403
    assert admin_client.post(f"{LIST}{account.pk}/delete/", {"post": "yes"}).status_code == 403


def test_who_may_only_look_is_offered_no_action(client: Client, account: Account) -> None:
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_account"))
    client.force_login(clerk)
    assert "anna@example.com" in client.get(LIST).content.decode()
    client.post(LIST, {"action": "pause", "_selected_action": [account.pk]})
    account.refresh_from_db()
    assert account.paused_at is None


def test_the_interval_can_be_edited(admin_client: Client, account: Account) -> None:
    admin_client.post(f"{LIST}{account.pk}/change/", {"interval": "0:15:00"})
    account.refresh_from_db()
    assert account.interval.total_seconds() == 900


def test_editing_the_interval_moves_the_next_sync_and_nothing_else(admin_client: Client, account: Account) -> None:
    Account.objects.update(sync_message_code="sync_started")
    admin_client.post(f"{LIST}{account.pk}/change/", {"interval": "0:15:00"})
    account.refresh_from_db()
    assert account.next_sync_at is not None
    assert account.credentials == "secret grant"
    assert account.sync_message_code == "sync_started"


@pytest.mark.parametrize("interval", ["0:00:59", "-1:00:00", "400 00:00:00"])
def test_an_interval_that_cannot_be_meant_is_refused(admin_client: Client, account: Account, interval: str) -> None:
    answer = admin_client.post(f"{LIST}{account.pk}/change/", {"interval": interval})
    assert "Choose from one minute to thirty days." in answer.content.decode()
    account.refresh_from_db()
    assert account.interval.total_seconds() == 3600


@pytest.mark.parametrize("model", ["certificate", "failure", "usage", "apitoken", "change", "revocation"])
def test_records_are_read_only(admin_client: Client, account: Account, model: str) -> None:
    Certificate.objects.create(account=account, job="j", history_id=1, listed=1, mirrored=1)
    Failure.objects.create(account=account, gmail_id="a1", code="x")
    ApiToken.objects.create(user=account.owner, label="x", digest="hash of it")
    answer = admin_client.get(f"/admin/mailsync/{model}/")
    assert answer.status_code == 200
    assert "hash of it" not in answer.content.decode()
    assert admin_client.get(f"/admin/mailsync/{model}/add/").status_code == 403
