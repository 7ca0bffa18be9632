"""Users who rest, users who go."""

from io import StringIO

import pytest
from axes.models import AccessAttempt
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from mailsync import departure, erase, revoke, schedule, tokens
from mailsync.connect import connect
from mailsync.credentials import user_grant
from mailsync.models import Account, AuditEvent, Invitation, Letter, Message, Revocation, Watch
from mailsync.names import digest
from syncjobs import lifecycle, runner
from syncjobs.models import SyncJob
from syncjobs.states import State, Trigger
from tests.mailsync.mirror import sync
from tests.mailsync.simulated import Gmail


@pytest.fixture
def synced(account: Account) -> Account:
    sync(account)
    return account


def deactivate(user: User) -> None:
    user.is_active = False
    user.save()


def test_one_who_is_deactivated_is_not_synced_any_more_and_keeps_the_mirror(synced: Account, anna: User) -> None:
    _, secret = tokens.issue(anna, "script")
    browser = Client()
    browser.force_login(anna)
    running = schedule.request_sync(synced, trigger=Trigger.BUTTON).job
    Watch.objects.update(due_at="2040-01-01T00:00Z")
    held = Message.objects.filter(account=synced).count()

    deactivate(anna)

    running.refresh_from_db()
    assert running.state == State.CANCELLED
    assert Client().get("/api/accounts/", headers={"authorization": f"Token {secret}"}).status_code == 401
    assert browser.get("/").status_code == 302
    Account.objects.update(next_sync_at="2020-01-01T00:00Z")
    assert schedule.tick() == 0
    for trigger in (Trigger.ADMIN, Trigger.PUSH):
        with pytest.raises(schedule.Paused):
            schedule.request_sync(synced, trigger=trigger)
    assert Message.objects.filter(account=synced).count() == held
    assert AuditEvent.objects.filter(action="user_deactivated", details__user="anna").count() == 1
    assert Watch.objects.get(email=synced.email).due_at <= timezone.now()

    anna.is_active = True
    anna.save()
    assert AuditEvent.objects.filter(action="user_activated").count() == 1
    assert schedule.tick() == 1  # one run, however many it missed
    done = runner.run(SyncJob.objects.active().get().pk, "worker")
    assert done is not None and done.state == State.SUCCEEDED


def test_a_worker_that_holds_the_job_of_one_who_is_deactivated_lets_go(synced: Account, anna: User) -> None:
    job = schedule.request_sync(synced, trigger=Trigger.BUTTON).job
    assert lifecycle.claim(job.pk, "worker") is not None
    User.objects.filter(pk=anna.pk).update(is_active=False)  # whoever does it, however
    departure.tick()
    job.refresh_from_db()
    assert job.cancel_requested_at is not None


def test_nobody_else_rests(synced: Account, anna: User, gmail: Gmail) -> None:
    bert = User.objects.create_user("bert")
    theirs = connect(bert, gmail.email, user_grant(f"sim-refresh-{gmail.email}"))
    deactivate(anna)
    job = schedule.request_sync(theirs, trigger=Trigger.BUTTON).job
    done = runner.run(job.pk, "worker")
    assert done is not None and done.state == State.SUCCEEDED


def rows_naming(*words: str) -> list[str]:
    """Tables in which a row holds one of the words, but the audit log, which says that they are gone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        found = []
        for (table,) in cursor.fetchall():
            cursor.execute(
                f'SELECT count(*) FROM "{table}" t WHERE ' + " OR ".join(["position(%s in t::text) > 0"] * len(words)),
                words,
            )
            if cursor.fetchone()[0]:
                found.append(table)
    return [table for table in found if table != "mailsync_auditevent"]


def test_of_one_who_is_deleted_nothing_is_left_in_any_table(
    synced: Account, anna: User, gmail: Gmail, admin_user: User
) -> None:
    User.objects.filter(pk=anna.pk).update(username="anna-who-leaves", email="anna@private.example")
    tokens.issue(anna, "anna-who-leaves")
    subject = Message.objects.filter(account=synced).exclude(subject="").latest("pk")
    words = ("anna-who-leaves", "anna@private.example", gmail.email, subject.gmail_id)
    assert len(rows_naming(*words)) >= 5
    staff = Client()
    staff.force_login(admin_user)
    staff.post(f"/admin/mailsync/account/{synced.pk}/change/", {"interval": "02:00:00"})
    assert gmail.email in str(LogEntry.objects.get())
    page = staff.get(f"/admin/auth/user/{anna.pk}/delete/").content.decode()
    assert "anna-who-leaves (mailboxes: 1, mirrored messages: 40)" in page

    staff.post(f"/admin/auth/user/{anna.pk}/delete/", {"post": "yes"})

    assert not User.objects.get(pk=anna.pk).is_active
    assert not Account.objects.filter(owner=anna).exists()
    while erase.tick(seconds=5):
        pass
    assert departure.tick() == 1
    assert revoke.tick() == 1 and not Revocation.objects.exists()
    assert not User.objects.filter(pk=anna.pk).exists()
    assert not rows_naming(*words)  # who deleted whom stands in the audit log
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"user_deactivated", "disconnected", "erased", "user_deleted"} <= actions
    assert not rows_naming(gmail.email, subject.gmail_id)
    gmail.control("grant", email=gmail.email)


def test_the_command_says_what_would_go_and_erases_what_no_row_refers_to(
    synced: Account, anna: User, gmail: Gmail, admin_user: User
) -> None:
    User.objects.filter(pk=anna.pk).update(email="anna@private.example")
    browser, other = Client(), Client()
    browser.force_login(anna), other.force_login(admin_user)
    AccessAttempt.objects.create(username=digest("anna"), attempt_time=timezone.now(), failures_since_start=1)
    Letter.objects.create(kind=Letter.Kind.RESET, address="Anna@private.example")
    Invitation.objects.create(email="anna@private.example", invited_by=admin_user, expires_at=timezone.now())
    with pytest.raises(CommandError, match="anna: 1 mailboxes, 40 messages"):
        call_command("erase_user", "anna")
    assert User.objects.get(pk=anna.pk).is_active
    out = StringIO()

    call_command("erase_user", "anna", "--yes", stdout=out)

    assert out.getvalue().strip() == "anna is gone, with 1 mailboxes and 40 messages."
    assert not rows_naming("anna", "Anna@", gmail.email, digest("anna"))
    assert [each.get_decoded()["_auth_user_id"] for each in Session.objects.all()] == [str(admin_user.pk)]
    assert not Revocation.objects.exists()  # Google has taken it back
    with pytest.raises(CommandError, match="no user"):
        call_command("erase_user", "anna", "--yes")
    gmail.control("grant", email=gmail.email)


def test_what_a_crash_left_of_a_departure_is_gone_on_with(synced: Account, anna: User, gmail: Gmail) -> None:
    departure.Leaving.objects.create(user=anna, by="root")
    User.objects.filter(pk=anna.pk).update(is_active=False)
    assert departure.tick() == 0
    while erase.tick(seconds=5):
        pass
    assert departure.tick() == 1
    assert not User.objects.exists()


def test_a_user_deleted_in_a_shell_gives_the_grants_back(account: Account, anna: User, gmail: Gmail) -> None:
    anna.delete()
    assert Revocation.objects.get().token == f"sim-refresh-{gmail.email}"
    assert not Account._base_manager.exists()


def test_many_are_deleted_at_once(anna: User, admin_user: User) -> None:
    staff = Client()
    staff.force_login(admin_user)
    bert = User.objects.create_user("bert")
    chosen = {"action": "delete_selected", "_selected_action": [anna.pk, bert.pk], "post": "yes"}
    staff.post("/admin/auth/user/", chosen)
    assert departure.tick() == 2
    assert list(User.objects.all()) == [admin_user]
    assert Session.objects.count() == 1
