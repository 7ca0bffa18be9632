from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from mailsync import batch
from mailsync.models import Account
from mailsync.schedule import request_scope, request_sync
from mailsync.sync import fetching
from mailsync.sync.scopes import BATCH
from syncjobs import liveness, runner
from syncjobs.admission import Scope
from syncjobs.models import SyncJob
from syncjobs.states import State, Trigger
from tests.committed import at_once
from tests.mailsync.mirror import assert_exact, held, sync
from tests.mailsync.simulated import Gmail


def call(account: Account, size: int) -> batch.BatchResult:
    return batch.fetch_next(account, size, trigger=Trigger.API)


def until_done(account: Account, size: int) -> list[int]:
    counts = []
    while len(counts) < 30:
        result = call(account, size)
        counts.append(result.synced)
        assert not result.in_progress and result.synced <= size
        if not result.has_more:
            return counts
    raise AssertionError(counts)


def test_batches_mirror_a_mailbox_exactly_with_no_worker(account: Account, gmail: Gmail) -> None:
    assert sum(until_done(account, 15)) == 40
    assert_exact(account, gmail)
    assert not SyncJob.objects.exclude(state=State.SUCCEEDED).exists()


def test_batches_after_a_full_mirror_say_that_there_is_more(account: Account, gmail: Gmail) -> None:
    sync(account)
    gmail.deliver(25)
    counts = until_done(account, 10)
    assert sum(counts) == 25 and max(counts) <= 10 and len(counts) >= 3
    assert_exact(account, gmail)


def test_a_mirror_made_by_batches_alone_is_proven_complete_by_the_last_of_them(account: Account, gmail: Gmail) -> None:
    seen = []
    while not seen or seen[-1][0]:
        more = call(account, 15).has_more
        account.refresh_from_db()
        seen.append((more, account.complete_as_of is not None))
    assert seen[-1] == (False, True) and not any(complete for _, complete in seen[:-1])
    before = account.complete_as_of
    gmail.deliver(25)
    assert call(account, 10).has_more
    account.refresh_from_db()
    assert account.complete_as_of == before


def test_a_waiting_job_lends_itself_where_no_worker_consumes(account: Account, gmail: Gmail) -> None:
    waiting = request_sync(account, trigger=Trigger.BUTTON).job
    result = call(account, 10)
    assert (result.job.pk, result.synced, result.has_more) == (waiting.pk, 10, True)
    assert result.job.state == State.RUNNING and len(held(account)) == 10


def test_a_waiting_job_that_batches_alone_bring_to_its_end_proves_the_mirror(account: Account, gmail: Gmail) -> None:
    waiting = request_sync(account, trigger=Trigger.BUTTON).job
    assert sum(until_done(account, 15)) == 40
    assert SyncJob.objects.get().pk == waiting.pk
    account.refresh_from_db()
    assert account.complete_as_of is not None
    assert_exact(account, gmail)


def test_a_job_that_workers_will_do_is_left_to_them(account: Account, gmail: Gmail) -> None:
    waiting = request_sync(account, trigger=Trigger.BUTTON).job
    liveness.seen(liveness.queue_name("interactive"))
    result = call(account, 10)
    assert (result.job.pk, result.synced, result.has_more, result.in_progress) == (waiting.pk, 0, True, True)


def test_a_batch_over_http(account: Account, gmail: Gmail, anna: User, client: Client) -> None:
    client.force_login(anna)
    body: Any = client.post("/api/sync/batch?batch_size=5").json()
    assert (body["success"], body["synced_count"], body["has_more"], body["in_progress"]) == (True, 5, True, False)
    assert body["message"] == "There is more to fetch"
    for size in ("0", "501", "x", "1" * 5000):
        assert client.post(f"/api/sync/batch?batch_size={size}").status_code == 400


def test_a_batch_says_when_gmail_is_away_and_leaves_no_job_behind(anna: User, account: Account, settings: Any) -> None:
    settings.GOOGLE_BASE_URL = "http://127.0.0.1:9"
    client = Client()
    client.force_login(anna)

    answer = client.post("/api/sync/batch")

    assert (answer.status_code, answer.json()["code"]) == (503, "gmail_unavailable")
    assert not SyncJob.objects.active().exists()


def test_a_batch_with_a_dead_grant_asks_for_a_new_one(anna: User, account: Account, gmail: Gmail) -> None:
    gmail.control("revoke", email=gmail.email)
    client = Client()
    client.force_login(anna)

    answers = [client.post("/api/sync/batch"), client.post("/api/sync/batch")]

    assert [(each.status_code, each.json()["code"]) for each in answers] == [(409, "reconnect_needed")] * 2


def test_a_full_sync_asked_for_during_a_batch_is_left_to_the_workers(account: Account) -> None:
    """The batch counts what it was asked for, however much more was asked of its job meanwhile."""
    job = request_scope(account, Scope(BATCH), trigger=Trigger.API, ring=False).job
    request_sync(account, trigger=Trigger.BUTTON, full=True)  # a CREATED job is widened at once

    widened = SyncJob.objects.get(pk=job.pk)
    assert widened.mode == "full"
    SyncJob.objects.filter(pk=job.pk).update(mode="batch", further={"mode": "full", "params": {}})
    after = runner.run(job.pk, "web", slice_seconds=25, limit=10)

    assert after is not None
    assert (after.state, after.mode, after.lease_token) == ("RUNNING", "full", None)
    assert after.stats["added"] == 10


def test_a_batch_stops_when_its_time_is_over_with_what_it_has(
    account: Account, gmail: Gmail, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one slow page after another it must not go on until its number is full, neither in a first sync nor in history."""
    monkeypatch.setattr(batch, "SECONDS", 0.5)
    monkeypatch.setattr(fetching, "MOST_SECONDS", 0.1)
    gmail.deliver(60)
    for _ in range(2):
        gmail.control("latency", latency=0.3)
        try:
            stopped = call(account, 500)
        finally:
            gmail.control("latency", latency="none")
        assert stopped.has_more and not stopped.in_progress and stopped.synced <= 75
        assert stopped.job.state == State.SUCCEEDED
        until_done(account, 500)
        assert_exact(account, gmail)
        gmail.deliver(150)


def test_calls_at_once_are_one_batch(account: Account, gmail: Gmail) -> None:
    results = at_once([lambda: call(account, 500)] * 4)

    done = [each for each in results if isinstance(each, batch.BatchResult)]
    assert len(done) == 4
    assert sum(each.synced for each in done) == 40
    assert set(gmail.gets().values()) == {1}
