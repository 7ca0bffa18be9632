"""Simple, check, today, week: each on its own, each beside the main plan."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.test import Client

from mailsync import windows
from mailsync.models import Account, Checkpoint, Message, Preferences
from syncjobs import runner
from syncjobs.models import SyncJob
from tests.mailsync.mirror import assert_exact, sync
from tests.mailsync.simulated import Gmail


def test_simple_promises_nothing_more_than_a_start(browser: Client, account: Account) -> None:
    answers = [browser.post("/api/sync/simple"), browser.post("/api/sync/simple/")]

    assert [answer.status_code for answer in answers] == [202, 202]
    assert all(set(answer.json()) == {"success", "message"} for answer in answers)
    assert SyncJob.objects.count() == 1
    account.refresh_from_db()
    assert account.last_sync_attempt is not None


def test_check_counts_what_is_new_for_almost_nothing(browser: Client, account: Account, gmail: Gmail) -> None:
    visible = [each for each in gmail.mailbox()["messages"] if not {"SPAM", "TRASH"} & set(each["labelIds"])]
    assert browser.get("/api/sync/check").json()["new_count"] == len(visible)
    sync(account)
    gmail.control("reset-stats")
    assert browser.get("/api/sync/check").json()["new_count"] == 0
    assert gmail.ask("stats")["units"][gmail.email] == 2
    new = gmail.deliver(3)
    gmail.trash(new[:1])

    answer = browser.get("/api/sync/check")

    assert answer.json()["new_count"] == 2
    assert set(answer.json()) == {"success", "new_count", "as_of"}
    assert Message.objects.filter(gmail_id__in=new).count() == 0
    gmail.expire_history()
    assert browser.get("/api/sync/check").json()["new_count"] == 2


def test_today_fetches_only_what_is_new_and_moves_no_checkpoint(
    browser: Client, account: Account, gmail: Gmail
) -> None:
    new = gmail.deliver(4)

    answer = browser.post("/api/sync/today?tz=Asia/Shanghai")
    final = runner.run(SyncJob.objects.get(task_id=answer.json()["task_id"]).pk, "worker")

    assert answer.status_code == 202
    assert (answer.json()["job"]["sync_type"], final and final.state) == ("window", "SUCCEEDED")
    held = set(Message.objects.values_list("gmail_id", flat=True))
    assert set(new) <= held and len(held) < len(gmail.ids())
    assert Checkpoint.objects.get(account=account).history_id is None
    account.refresh_from_db()
    assert account.complete_as_of is None
    sync(account)
    assert_exact(account, gmail)


def test_a_wider_job_covers_a_window_and_a_window_is_widened(browser: Client, account: Account) -> None:
    week = browser.post("/api/sync/week").json()
    today = browser.post("/api/sync/today")
    smart = browser.post("/api/sync/smart")
    again = browser.post("/api/sync/week")

    assert (today.status_code, today.json()["task_id"]) == (200, week["task_id"])
    assert today.json()["job"]["sync_type"] == "window"
    assert smart.json()["job"]["sync_type"] == "full"
    assert again.json()["job"]["sync_type"] == "full"
    assert SyncJob.objects.count() == 1


def test_a_window_is_the_day_of_the_user_unless_the_call_names_a_zone(
    browser: Client, anna: User, account: Account
) -> None:
    def begins(path: str) -> int:
        after: int = SyncJob.objects.get(task_id=browser.post(path).json()["task_id"]).params["after"]
        SyncJob.objects.all().delete()
        return after

    def midnight(name: str) -> int:
        return windows.today(datetime.now(UTC), ZoneInfo(name))

    Preferences.objects.create(user=anna, time_zone="Pacific/Kiritimati")
    for path, name in (
        ("/api/sync/today", "Pacific/Kiritimati"),
        ("/api/sync/today?tz=Pacific/Pago_Pago", "Pacific/Pago_Pago"),
    ):
        assert midnight(name) <= begins(path) <= midnight(name), name
    week = windows.this_week(datetime.now(UTC), ZoneInfo("Pacific/Kiritimati"))
    assert begins("/api/sync/week") == week


def test_a_window_spends_little_and_takes_nothing_for_deleted(browser: Client, account: Account, gmail: Gmail) -> None:
    sync(account)
    new = gmail.deliver(2)
    gmail.delete(gmail.ids()[-5:])
    shown = Message.objects.filter(deleted_at=None).count()
    gmail.control("reset-stats")

    job = SyncJob.objects.get(task_id=browser.post("/api/sync/today").json()["task_id"])
    final = runner.run(job.pk, "worker")

    assert final is not None and (final.state, final.stats["added"]) == ("SUCCEEDED", 2)
    assert set(gmail.gets()) == set(new)
    assert gmail.units() == final.stats["units"] == 5 + 2 * 20
    assert Message.objects.filter(deleted_at=None).count() == shown + 2
    sync(account)
    assert_exact(account, gmail)


def test_an_unknown_zone_is_refused(browser: Client, account: Account) -> None:
    for name in ("Mars/Olympus", "", "../etc/passwd", "Europe/Berlin\x00"):
        answer = browser.post("/api/sync/today", QUERY_STRING=f"tz={name}")
        assert answer.status_code == 400, name
        assert "tz" in answer.json()["errors"]
