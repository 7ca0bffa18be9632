"""The back office of jobs."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mailsync.models import Account
from syncjobs import journal
from syncjobs.models import SyncJob
from syncjobs.states import State, Trigger

pytestmark = pytest.mark.django_db
LIST = "/admin/syncjobs/syncjob/"


@pytest.fixture(autouse=True)
def light_settings(settings: Any, tmp_path: Path) -> None:
    """Nothing is collected for tests, so WhiteNoise gets an empty directory; no slow hashes."""
    settings.STATIC_ROOT = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def job(admin_user: User) -> Callable[..., SyncJob]:
    account = Account.objects.create(owner=admin_user, email="anna@example.com")

    def make(state: State, **fields: Any) -> SyncJob:
        final = state in (State.SUCCEEDED, State.FAILED, State.CANCELLED)
        return SyncJob.objects.create(
            task_id=f"sync_1_{uuid.uuid4().hex[:8]}_1",
            kind="mailbox",
            owner=admin_user,
            resource=account.resource,
            title=account.email,
            facts={"account": account.pk, "email": account.email},
            mode="full",
            trigger=Trigger.CLOCK,
            state=state,
            percentage=100 if state == State.SUCCEEDED else 12.5,
            finished_at=timezone.now() if final else None,
            **fields,
        )

    return make


def act(client: Client, action: str, job: SyncJob) -> str:
    return client.post(LIST, {"action": action, "_selected_action": [job.pk]}, follow=True).content.decode()


def test_the_list_shows_state_progress_lease_and_error(admin_client: Client, job: Callable[..., SyncJob]) -> None:
    now = timezone.now()
    job(State.FAILED, error_code="POISON")
    job(
        State.RUNNING,
        lease_token=uuid.uuid4(),
        lease_until=now + timedelta(seconds=60),
        heartbeat_at=now - timedelta(seconds=7),
    )
    html = admin_client.get(LIST).content.decode()
    assert "12.5\N{NO-BREAK SPACE}%" in html
    assert "Three workers were lost at the same place" in html
    renewed = re.search(r"(\d+) s ago", html)
    assert renewed is not None
    assert 7 <= int(renewed[1]) < 60


def test_the_log_stands_with_the_job_in_words(admin_client: Client, job: Callable[..., SyncJob]) -> None:
    made = job(State.FAILED, error_code="BUG", error_params={"exception": "ValueError"}, traceback="Traceback: line 7")
    journal.note(made, "claimed", worker="worker-7", slice=2)
    html = admin_client.get(f"{LIST}{made.pk}/change/").content.decode()
    assert "Taken up by worker-7 (slice 2)" in html
    assert "Traceback: line 7" in html


def test_the_lease_token_is_shown_to_nobody(admin_client: Client, job: Callable[..., SyncJob]) -> None:
    token = uuid.uuid4()
    made = job(State.RUNNING, lease_token=token, lease_until=timezone.now())
    assert str(token) not in admin_client.get(f"{LIST}{made.pk}/change/").content.decode()


def test_cancel_ends_what_waits_and_tells_of_what_is_finished(
    admin_client: Client, job: Callable[..., SyncJob]
) -> None:
    finished, waiting = job(State.SUCCEEDED), job(State.CREATED)
    act(admin_client, "cancel", waiting)
    waiting.refresh_from_db()
    assert waiting.state == State.CANCELLED
    assert "is already finished" in act(admin_client, "cancel", finished)


def test_retry_starts_a_new_job_for_the_admin(admin_client: Client, job: Callable[..., SyncJob]) -> None:
    old = job(State.FAILED, error_code="STALE")
    act(admin_client, "retry", old)
    fresh = SyncJob.objects.exclude(pk=old.pk).get()
    assert (fresh.state, fresh.trigger, fresh.mode) == (State.CREATED, Trigger.ADMIN, "full")


def test_what_did_not_fail_is_not_retried(admin_client: Client, job: Callable[..., SyncJob]) -> None:
    made = job(State.SUCCEEDED)
    assert "neither failed nor was cancelled" in act(admin_client, "retry", made)
    assert SyncJob.objects.count() == 1


def test_rows_are_not_written_by_hand(admin_client: Client, job: Callable[..., SyncJob]) -> None:
    made = job(State.CREATED)
    assert admin_client.get(f"{LIST}add/").status_code == 403
    assert admin_client.post(f"{LIST}{made.pk}/change/", {"state": "SUCCEEDED"}).status_code == 403
    assert admin_client.post(f"{LIST}{made.pk}/delete/", {"post": "yes"}).status_code == 403
    made.refresh_from_db()
    assert made.state == State.CREATED


def test_the_list_of_jobs_is_narrowed_by_mailbox_and_error_and_leads_to_both(
    admin_client: Client, admin_user: User, job: Callable[..., SyncJob]
) -> None:
    failed, fine = job(State.FAILED, error_code="BUG"), job(State.SUCCEEDED)
    account = Account.objects.get()
    other = Account.objects.create(owner=admin_user, email="other@example.com")
    html = admin_client.get(LIST).content.decode()
    assert f"/admin/mailsync/account/{account.pk}/change/" in html
    assert f"{LIST}{failed.pk}/change/#events-group" in html
    narrowed = admin_client.get(LIST, {"error": "BUG", "mailbox": account.pk}).content.decode()
    assert failed.task_id in narrowed
    assert fine.task_id not in narrowed
    assert failed.task_id not in admin_client.get(LIST, {"mailbox": other.pk}).content.decode()
    assert admin_client.get(LIST, {"mailbox": "nonsense"}).status_code == 200


def test_no_list_counts_all_of_its_rows(admin_client: Client, job: Callable[..., SyncJob]) -> None:
    job(State.SUCCEEDED)
    with CaptureQueriesContext(connection) as asked:
        admin_client.get(LIST)
    counts = [each["sql"] for each in asked if "COUNT(" in each["sql"]]
    assert counts
    assert all("LIMIT 10000" in each for each in counts)


def test_the_admin_has_a_face_of_its_own(admin_client: Client) -> None:
    html = admin_client.get("/admin/").content.decode()
    assert "Django" not in html
    assert "mailsync/admin.css" in html
