"""Whatever a job is handed, whatever it throws: it ends, it is shown, it says what happened."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.conf import settings as product
from django.contrib.auth.models import User
from django.db import DataError
from django.test import Client
from django.utils import timezone
from django_celery_beat.schedulers import ModelEntry

from syncjobs import backoff, dispatch, journal, lifecycle, maintenance, registry, runner, tasks
from syncjobs.consumers import shown_jobs
from syncjobs.context import Context
from syncjobs.errors import JobFailed, LeaseLost, RetryLater
from syncjobs.models import SyncJob, SyncJobEvent
from syncjobs.serializers import job_json
from syncjobs.states import ACTIVE, State
from tests.syncjobs.conftest import Ask, Turn
from tests.syncjobs.kinds import STAGE, Stage, request

Running = Callable[..., SyncJob]
MEGABYTE = "x" * 1_000_000
STEPS = ("", "events/", "cancel/", "retry/")


@pytest.fixture
def browser(owner: User, settings: Any, tmp_path: Path) -> Client:
    """A person's browser, which sees a 500 as one."""
    settings.API_THROTTLES, settings.STATIC_ROOT = {}, tmp_path
    client = Client(raise_request_exception=False)
    client.force_login(owner)
    return client


@pytest.fixture
def admin(browser: Client) -> Client:
    User.objects.create_superuser("root", password="a long phrase")
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(username="root"))
    return client


def ask_for(browser: Client, task_id: str, step: str) -> tuple[int, str]:
    """Status, code."""
    call = browser.post if step in ("cancel/", "retry/") else browser.get
    answer = call(f"/api/jobs/{task_id}/{step}", headers={"x-csrftoken": "x"})
    return answer.status_code, answer.json().get("code", "")


def to_the_end(job: SyncJob, turn: Turn, most: int = 2 * backoff.MOST_ATTEMPTS) -> SyncJob:
    """Deliver, sweep, let hours pass, until the job is final; what leaves a slice ends its worker, nothing else."""
    for hour in range(most):
        turn(timedelta(hours=hour))
        try:
            runner.run(job.pk, f"worker {hour}")
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            pass
        maintenance.sweep()
        job.refresh_from_db()
        if not job.is_active:
            return job
    raise AssertionError(f"still {job.state} after {most} slices")


NOBODYS = ["sync_1_00000000_1", "1", "-1", "x" * 64, "x" * 65, "٣", "%00", "..", "sync_1%2F..", "%F0%9F%90%98", "_"]


def test_a_task_id_that_nobody_has_is_not_found(browser: Client) -> None:
    for task_id in NOBODYS:
        assert [ask_for(browser, task_id, step) for step in STEPS] == [(404, "not_found")] * 4, task_id


def test_a_strangers_task_id_is_not_found_nor_touched(browser: Client, running: Running) -> None:
    job = running()
    stranger = Client()
    stranger.force_login(User.objects.create_user("eve"))
    assert [ask_for(stranger, job.task_id, step) for step in STEPS] == [(404, "not_found")] * 4
    assert SyncJob.objects.get(pk=job.pk).revision == job.revision


def test_a_cancel_may_be_repeated_until_the_job_is_final(browser: Client, running: Running) -> None:
    job = running()
    assert [ask_for(browser, job.task_id, "cancel/") for _ in range(2)] == [(202, "")] * 2
    lifecycle.cancelled(job)
    assert ask_for(browser, job.task_id, "cancel/") == (409, "already_finished")


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.FAILED])
def test_a_final_job_is_not_cancelled(browser: Client, running: Running, state: State) -> None:
    job = running()
    lifecycle.succeed(job) if state is State.SUCCEEDED else lifecycle.fail(job, "BUG", exception="KeyError")
    assert ask_for(browser, job.task_id, "cancel/") == (409, "already_finished")
    assert SyncJob.objects.get(pk=job.pk).state == state


def test_only_what_failed_or_was_cancelled_is_retried_and_once_only(browser: Client, running: Running) -> None:
    job = running()
    assert ask_for(browser, job.task_id, "retry/") == (409, "not_retryable")
    lifecycle.fail(job, "BUG", exception="KeyError")
    assert [ask_for(browser, job.task_id, "retry/")[0] for _ in range(3)] == [202, 200, 200]
    assert SyncJob.objects.active().count() == 1
    runner.run(SyncJob.objects.active().get().pk, "worker")
    assert ask_for(browser, SyncJob.objects.latest("id").task_id, "retry/") == (409, "not_retryable")


FORGOTTEN = [None, "no.such.module.KIND", "tests.syncjobs.kinds.NO_SUCH_NAME", "nonsense"]


@pytest.fixture(params=FORGOTTEN, ids=str)
def orphan(request: Any, ask: Ask, settings: Any) -> SyncJob:
    """A job whose kind settings no longer name, or name without there being such a thing."""
    job = ask().job
    named = {name: path for name, path in settings.SYNC_KINDS.items() if name != "play"}
    settings.SYNC_KINDS = named if request.param is None else named | {"play": request.param}
    registry.kind.cache_clear()
    return job


def test_a_job_of_a_forgotten_kind_fails_clearly_the_first_time(orphan: SyncJob) -> None:
    after = runner.run(orphan.pk, "worker")
    assert after is not None and (after.state, after.error_code, after.slices) == (State.FAILED, "UNKNOWN_KIND", 1)
    assert runner.run(orphan.pk, "worker") is None


def test_a_job_of_a_forgotten_kind_is_shown_everywhere_and_not_started_anew(
    orphan: SyncJob, browser: Client, admin: Client
) -> None:
    for _ in ("waiting", "failed"):
        job = SyncJob.objects.get(pk=orphan.pk)
        shown = [browser.get(f"/api/jobs/{path}").json() for path in ("", f"{job.task_id}/")]
        assert shown[0]["results"] == [shown[1]] == [job_json(job)]
        assert browser.get(f"/api/jobs/{job.task_id}/events/").json()["results"]
        assert [each["task_id"] for each in shown_jobs(job.owner_id)] == [job.task_id]
        pages = ("/admin/syncjobs/syncjob/", f"/admin/syncjobs/syncjob/{job.pk}/change/")
        assert [admin.get(page).status_code for page in pages] == [200, 200]
        runner.run(orphan.pk, "worker")
    assert ask_for(browser, orphan.task_id, "retry/") == (409, "not_retryable")
    chosen = {"action": "retry", "_selected_action": [orphan.pk]}
    assert "cannot be started anew" in admin.post(pages[0], chosen, follow=True).content.decode()
    assert SyncJob.objects.count() == 1


def test_a_waiting_job_of_a_forgotten_kind_can_be_cancelled(orphan: SyncJob, browser: Client) -> None:
    assert ask_for(browser, orphan.task_id, "cancel/") == (202, "")
    assert SyncJob.objects.get(pk=orphan.pk).state == State.CANCELLED


class Picky(Exception):
    """Cannot be made again from its arguments, holds what cannot be pickled."""

    def __init__(self, first: str, second: str, third: str) -> None:
        super().__init__(first)
        self.lock = (lambda: second, third)


class Speechless(Exception):
    """Cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("not even that")

    __repr__ = __str__


def too_deep(depth: int = 0) -> int:
    return too_deep(depth + 1) + 1


def throw(error: BaseException) -> Callable[[Context], None]:
    def run(context: Context) -> None:
        raise error

    return run


BUGS: dict[str, Callable[[Context], Any]] = {
    "Picky": throw(Picky("a", "b", "c")),
    "Speechless": throw(Speechless()),
    "RecursionError": lambda context: too_deep(),
    "MemoryError": throw(MemoryError()),
    "StopIteration": throw(StopIteration()),
    "ExceptionGroup": throw(ExceptionGroup("both", [ValueError(1), KeyError(2)])),
    "UnicodeDecodeError": lambda context: b"\xff".decode(),
    "ValueError": throw(ValueError("a NUL \x00, half a pair \ud83d")),
    "DataError": lambda context: SyncJob.objects.filter(title="\ud83d" * 2).exists() or throw(DataError("x"))(context),
}


@pytest.mark.parametrize("name", BUGS)
def test_whatever_a_bug_raises_is_kept_and_given_up_after_three(ask: Ask, stage: Stage, turn: Turn, name: str) -> None:
    stage.runs = [BUGS[name]]
    job = to_the_end(ask().job, turn)
    if name == "DataError":
        name = job.error_params["exception"]
    assert (job.state, job.error_code, job.error_params) == (State.FAILED, "BUG", {"exception": name})
    assert (job.slices, job.crashes) == (backoff.MOST_ATTEMPTS_OF_A_BUG, 0)
    assert name in job.traceback


@pytest.mark.parametrize("name", BUGS)
def test_nothing_that_a_bug_raises_reaches_celery(ask: Ask, stage: Stage, name: str) -> None:
    stage.runs = [BUGS[name]]
    assert tasks.run.apply([ask().job.pk], throw=True).result is None


# A process that ends gives its job back, so it counts as a failed attempt; anything else is a lost worker.
ENDS = [
    (KeyboardInterrupt(), "shutdown", backoff.MOST_ATTEMPTS),
    (SystemExit(3), "shutdown", backoff.MOST_ATTEMPTS),
    (GeneratorExit(), "POISON", backoff.MOST_CRASHES + 1),
]


@pytest.mark.parametrize(("error", "code", "slices"), ENDS, ids=lambda each: str(each))
def test_what_ends_a_process_again_and_again_ends_the_job(
    ask: Ask, stage: Stage, turn: Turn, error: BaseException, code: str, slices: int
) -> None:
    stage.runs = [throw(error)]
    job = to_the_end(ask().job, turn)
    assert (job.state, job.error_code, job.slices) == (State.FAILED, code, slices)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3), GeneratorExit(), MemoryError()])
def test_what_is_raised_in_mid_page_leaves_nothing_of_it(
    ask: Ask, stage: Stage, turn: Turn, error: BaseException
) -> None:
    def run(context: Context) -> None:
        with context.page() as report:
            report.percentage = 50
            context.log("curtain", actor="Anna")
            raise error

    stage.runs = [run, lambda context: None]
    job = to_the_end(ask().job, turn)
    assert (job.state, job.slices) == (State.SUCCEEDED, 2)
    assert not job.events.filter(code="curtain").exists()


UNFIT = {
    "a NUL": RetryLater("weather", reason="\x00"),
    "half a pair": RetryLater("weather", reason="\ud83d"),
    "no JSON": JobFailed("weather", reason=object()),
    "a long code": JobFailed("x" * 65),
}


@pytest.mark.parametrize("name", UNFIT)
def test_what_no_row_can_hold_still_ends_the_job(ask: Ask, stage: Stage, turn: Turn, name: str) -> None:
    stage.runs = [throw(UNFIT[name])]
    job = ask().job
    for crash in range(backoff.MOST_CRASHES + 1):
        turn(timedelta(hours=crash))
        try:
            runner.run(job.pk, "worker")
        except (DataError, TypeError, UnicodeEncodeError):
            pass  # Celery writes it to its log
    job.refresh_from_db()
    assert job.state == State.FAILED


def test_bookkeeping_that_fails_does_not_keep_a_job_from_ending(
    ask: Ask, stage: Stage, turn: Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(job: SyncJob, state: State, code: str) -> None:
        User.objects.filter(pk=job.owner_id).update(first_name="half")
        User.objects.get(pk=-1)

    monkeypatch.setattr(STAGE, "tell", fail)
    job = to_the_end(ask().job, turn)
    assert (job.state, job.error_code, job.error_params) == (State.FAILED, "BUG", {"exception": "DoesNotExist"})
    assert User.objects.get(pk=job.owner_id).first_name == ""
    waiting = ask().job
    assert lifecycle.cancel(waiting, by="anna").state == State.CANCELLED


def life_by(off: float, monkeypatch: pytest.MonkeyPatch, owner: User) -> SyncJob:
    """One slice that waits, one that works, one that fails, by a process whose clock is that many seconds off."""
    true_time, true_now = time.time, timezone.now
    monkeypatch.setattr(time, "time", lambda: true_time() + off)
    monkeypatch.setattr(timezone, "now", lambda: true_now() + timedelta(seconds=off))
    job = request(owner, resource=f"thing:{off}").job
    claimed = lifecycle.claim(job.pk, "worker")
    assert claimed is not None and lifecycle.claim(job.pk, "another") is None
    with Context(claimed).page() as report:
        report.percentage = 50
    lifecycle.release(claimed, wait=timedelta(seconds=40), phase="waiting_for_quota", code="waiting_for_quota")
    assert runner.run(job.pk, "too early") is None and maintenance.sweep() == maintenance.wake() == 0
    monkeypatch.undo()
    return SyncJob.objects.get(pk=job.pk)


@pytest.mark.parametrize("off", [-600.0, 600.0])
def test_the_clock_of_a_worker_does_not_matter(
    stage: Stage, owner: User, monkeypatch: pytest.MonkeyPatch, off: float
) -> None:
    job = life_by(off, monkeypatch, owner)
    now = datetime.now(UTC)
    for moment in (job.created_at, job.started_at, job.updated_at, job.heartbeat_at):
        assert moment is not None and abs(now - moment) < timedelta(seconds=60)
    assert timedelta(0) < job.not_before - now <= timedelta(seconds=40)


@pytest.mark.django_db
def test_messages_outlive_clocks_that_are_ten_minutes_apart_yet_not_for_ever() -> None:
    """Celery writes the moment of expiry by the clock of the sender, reads it by the one of the worker."""
    schedule = product.CELERY_BEAT_SCHEDULE.items()
    ticks = [ModelEntry.from_entry(name, app=current_app, **entry).options["expires"] for name, entry in schedule]
    assert all(600 < seconds <= 3600 for seconds in (*ticks, dispatch.EXPIRES))


def test_a_job_whose_log_is_full_lives_on_and_says_how_it_ended(ask: Ask, stage: Stage, browser: Client) -> None:
    job = ask().job
    SyncJobEvent.objects.bulk_create(SyncJobEvent(job=job, code="claimed") for _ in range(journal.MOST_EVENTS))
    stage.runs = [throw(JobFailed("curtain", actor="Anna"))]
    runner.run(job.pk, "worker")
    read, page = [], f"/api/jobs/{job.task_id}/events/?page_size=200"
    while page:
        body = browser.get(page).json()
        read, page = read + body["results"], body["next"]
    assert len(read) == journal.MOST_EVENTS + 2  # the first and the last
    assert (read[-1]["code"], read[-1]["message"]) == ("failed", "Failed: The curtain falls on Anna")


def test_a_message_of_a_megabyte_is_shown_whole_and_harms_nothing(ask: Ask, stage: Stage, browser: Client) -> None:
    def run(context: Context) -> None:
        with context.page() as report:
            report.message = ("curtain", {"actor": MEGABYTE})
        context.log("curtain", actor=MEGABYTE)
        raise JobFailed("curtain", actor=MEGABYTE)

    stage.runs = [run]
    job = runner.run(ask().job.pk, "worker")
    assert job is not None and job.state == State.FAILED
    assert browser.get(f"/api/jobs/{job.task_id}/").json()["message"].endswith(MEGABYTE)
    assert len(browser.get(f"/api/jobs/{job.task_id}/events/").json()["results"]) == 4


def test_a_resource_has_up_to_sixty_four_characters(ask: Ask, stage: Stage) -> None:
    job = runner.run(ask(resource="ü" * 64).job.pk, "worker")
    assert job is not None and job.state == State.SUCCEEDED
    with pytest.raises(DataError):
        ask(resource="ü" * 65)
    assert SyncJob.objects.count() == 1


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**63, 2**70])
def test_a_message_about_an_impossible_row_is_ignored(ask: Ask, stage: Stage, number: int) -> None:
    assert tasks.run.apply([number], throw=True).result is None
    assert dispatch.ring(number) is False


AFTERWARDS: dict[str, Callable[[Context], Any]] = {
    "a page": lambda context: context.page().__enter__(),
    "a line": lambda context: context.log("curtain", actor="Anna"),
    "a wait": lambda context: context.wait(5, "waiting_for_quota", "waiting_for_quota"),
    "the end": lambda context: None,
    "a failure": throw(JobFailed("curtain")),
    "a bug": throw(ZeroDivisionError()),
}


@pytest.mark.parametrize("name", AFTERWARDS)
@pytest.mark.parametrize("gone", ["its owner", "itself"])
def test_a_job_that_vanishes_in_mid_run_leaves_nothing_behind(ask: Ask, stage: Stage, name: str, gone: str) -> None:
    def run(context: Context) -> None:
        with context.page() as report:
            report.percentage = 50
        (context.job.owner if gone == "its owner" else SyncJob.objects.get(pk=context.job.pk)).delete()
        AFTERWARDS[name](context)

    stage.runs = [run]
    assert tasks.run.apply([ask().job.pk], throw=True).result is None
    assert (SyncJob.objects.count(), SyncJobEvent.objects.count()) == (0, 0)
    assert maintenance.sweep() == maintenance.wake() == 0


def test_a_job_that_vanished_holds_no_lease(running: Running) -> None:
    job = running()
    SyncJob.objects.filter(pk=job.pk).delete()
    for write in (lifecycle.succeed, lifecycle.cancelled, lifecycle.begin_further):
        with pytest.raises(LeaseLost):
            write(job)
    assert not SyncJob.objects.filter(state__in=ACTIVE).exists()
