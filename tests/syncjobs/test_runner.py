from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.db.utils import InterfaceError

from syncjobs import backoff, lifecycle, runner
from syncjobs.context import Context
from syncjobs.errors import CancelRequested, Interrupted, JobFailed, LeaseLost, RetryLater
from syncjobs.models import SyncJob
from syncjobs.states import Phase, State
from tests.committed import at_once
from tests.syncjobs.conftest import Ask, Turn
from tests.syncjobs.kinds import Stage

Running = Callable[..., SyncJob]


def raising(error: BaseException) -> Callable[[Context], None]:
    def run(context: Context) -> None:
        raise error

    return run


def page(context: Context) -> None:
    with context.page() as report:
        report.percentage = 50


def test_a_run_that_returns_has_succeeded(ask: Ask, stage: Stage) -> None:
    job = runner.run(ask("large").job.pk, "worker")
    assert job is not None and job.state == State.SUCCEEDED
    assert stage.played == ["large"]


def test_a_doubled_message_runs_nothing(ask: Ask, stage: Stage) -> None:
    job = ask().job
    runner.run(job.pk, "worker")
    assert runner.run(job.pk, "worker") is None
    assert len(stage.played) == 1


def test_a_message_about_no_job_is_ignored(ask: Ask) -> None:
    assert runner.run(987_654, "worker") is None


def test_a_further_pass_asked_for_during_the_run_is_done_within_the_same_job(ask: Ask, stage: Stage) -> None:
    stage.runs = [lambda context: ask("large") and None, lambda context: None]
    job = runner.run(ask("small").job.pk, "worker")
    assert job is not None
    assert (stage.played, job.state, job.mode, SyncJob.objects.count()) == (
        ["small", "large"],
        State.SUCCEEDED,
        "large",
        1,
    )


def test_pushes_during_a_run_become_one_more_pass(ask: Ask, stage: Stage) -> None:
    stage.runs = [lambda context: [ask("small", again=True) for _ in range(7)] and None, lambda context: None]
    runner.run(ask("small").job.pk, "worker")
    assert stage.played == ["small", "small"]


def test_who_asks_again_as_fast_as_passes_end_holds_no_worker_that_others_wait_for(ask: Ask, stage: Stage) -> None:
    again = ask("small", resource="thing:1").job
    asks_again = lambda context: ask("small", again=True, resource="thing:1") and None  # noqa: E731
    stage.runs = [asks_again, asks_again, lambda context: None]
    other = ask("small", resource="thing:2").job
    job = runner.run(again.pk, "worker")
    assert job is not None
    assert (job.state, job.lease_token, job.further) == (State.RUNNING, None, None)
    assert stage.played == ["small"]
    stage.runs = [lambda context: None]
    for pk in (other.pk, again.pk):
        left = runner.run(pk, "worker")
        assert left is not None and left.state == State.SUCCEEDED


def test_an_interrupted_slice_waits_and_tells_for_how_long(ask: Ask, stage: Stage) -> None:
    stage.runs = [raising(Interrupted(wait=40, phase=Phase.WAITING_FOR_QUOTA, code="waiting_for_quota", seconds=40))]
    job = runner.run(ask().job.pk, "worker")
    assert job is not None
    assert (job.state, job.phase, job.message_params) == (State.RUNNING, Phase.WAITING_FOR_QUOTA, {"seconds": 40})
    assert (job.lease_token, job.attempts, job.crashes) == (None, 0, 0)
    assert job.not_before - job.updated_at > timedelta(seconds=30)


def test_a_slice_whose_time_is_over_goes_on_later(ask: Ask, stage: Stage) -> None:
    stage.runs = [lambda context: context.checkpoint()]
    job = runner.run(ask().job.pk, "worker", slice_seconds=0)
    assert job is not None and (job.state, job.phase) == (State.RUNNING, Phase.NEXT_SLICE)
    after = runner.run(job.pk, "worker")
    assert after is not None and (after.state, after.slices) == (State.SUCCEEDED, 2)


def test_a_wish_to_cancel_ends_the_run_at_its_next_page(ask: Ask, stage: Stage) -> None:
    def run(context: Context) -> None:
        page(context)
        lifecycle.cancel(context.job, by="anna")
        page(context)

    stage.runs = [run]
    job = runner.run(ask().job.pk, "worker")
    assert job is not None and (job.state, job.percentage) == (State.CANCELLED, 50)


def test_what_only_a_person_can_mend_fails_at_once(ask: Ask, stage: Stage) -> None:
    stage.runs = [raising(JobFailed("reconnect_needed", who="anna"))]
    job = runner.run(ask().job.pk, "worker")
    assert job is not None
    assert (job.state, job.error_code, job.error_params) == (State.FAILED, "reconnect_needed", {"who": "anna"})
    assert job.message_code == "reconnect_needed"


def test_trouble_outside_is_tried_again_with_backoff_until_it_fails(ask: Ask, stage: Stage, turn: Turn) -> None:
    stage.runs = [raising(RetryLater("gmail_unreachable", reason="503"))]
    job = ask().job
    for attempt in range(1, backoff.MOST_ATTEMPTS):
        after = runner.run(job.pk, "worker")
        assert after is not None and (after.state, after.attempts) == (State.RUNNING, attempt)
        assert after.phase == Phase.BACKING_OFF and runner.run(job.pk, "worker") is None
        turn(timedelta(hours=attempt))
    last = runner.run(job.pk, "worker")
    assert last is not None
    assert (last.state, last.error_code, last.error_params) == (State.FAILED, "gmail_unreachable", {"reason": "503"})


def test_a_page_of_progress_forgives_failed_attempts(ask: Ask, stage: Stage, turn: Turn) -> None:
    stage.runs = [raising(RetryLater("x")), page, lambda context: None]
    job = ask().job
    after = runner.run(job.pk, "worker")
    assert after is not None and after.attempts == 1
    turn(timedelta(hours=1))
    after = runner.run(job.pk, "worker")
    assert after is not None and (after.attempts, after.state) == (0, State.SUCCEEDED)


def test_a_bug_keeps_its_traceback_and_gives_up_after_three(ask: Ask, stage: Stage, turn: Turn) -> None:
    stage.runs = [raising(ZeroDivisionError("the line that did it"))]
    job = ask().job
    for attempt in range(backoff.MOST_ATTEMPTS_OF_A_BUG):
        after = runner.run(job.pk, "worker")
        turn(timedelta(hours=attempt + 1))
    assert after is not None
    assert (after.state, after.error_code, after.error_params) == (
        State.FAILED,
        "BUG",
        {"exception": "ZeroDivisionError"},
    )
    assert "the line that did it" in after.traceback


def test_three_crashes_without_progress_are_poison(ask: Ask, stage: Stage, turn: Turn) -> None:
    job = ask().job
    for crash in range(1, backoff.MOST_CRASHES + 1):
        assert lifecycle.claim(job.pk, "a worker that dies") is not None
        turn(timedelta(minutes=2 * crash))
    after = runner.run(job.pk, "worker")
    assert after is not None and (after.state, after.error_code) == (State.FAILED, "POISON")
    assert stage.played == []


def test_crashes_with_progress_in_between_are_survived(ask: Ask, stage: Stage, turn: Turn) -> None:
    job = ask().job
    for crash in range(1, 8):
        claimed = lifecycle.claim(job.pk, "a worker that dies")
        assert claimed is not None and claimed.crashes <= 1
        page(Context(claimed))
        turn(timedelta(minutes=2 * crash))
    after = runner.run(job.pk, "worker")
    assert after is not None and after.state == State.SUCCEEDED


def test_a_kind_that_settings_no_longer_name_fails_clearly(ask: Ask, stage: Stage) -> None:
    job = ask().job
    SyncJob.objects.filter(pk=job.pk).update(kind="forgotten")
    after = runner.run(job.pk, "worker")
    assert after is not None and (after.state, after.error_code) == (State.FAILED, "UNKNOWN_KIND")


def test_a_lost_lease_leaves_the_job_to_its_new_worker(ask: Ask, stage: Stage, turn: Turn) -> None:
    heirs: list[SyncJob | None] = []

    def run(context: Context) -> None:
        turn(timedelta(seconds=91))
        heirs.append(lifecycle.claim(context.job.pk, "heir"))
        page(context)

    stage.runs = [run]
    after = runner.run(ask().job.pk, "zombie")
    assert after is not None and heirs[0] is not None
    assert (after.state, after.worker, after.lease_token, after.percentage) == (
        State.RUNNING,
        "heir",
        heirs[0].lease_token,
        0,
    )


@pytest.mark.parametrize("trouble", [None, RetryLater("weather"), OperationalError("server closed")])
def test_a_job_that_was_erased_in_mid_run_ends_its_slice_without_a_word(
    ask: Ask, stage: Stage, trouble: Exception | None, caplog: pytest.LogCaptureFixture
) -> None:
    def run(context: Context) -> None:
        with context.page() as report:
            report.percentage = 50
        SyncJob.objects.filter(pk=context.job.pk).delete()
        if trouble is not None:
            raise trouble
        page(context)

    stage.runs = [run]
    assert runner.run(ask().job.pk, "worker") is None
    assert not [record for record in caplog.records if record.levelname in {"WARNING", "ERROR"}]


@pytest.mark.parametrize("error", [OperationalError("server closed"), InterfaceError("connection is closed")])
def test_a_broken_connection_counts_as_a_failed_attempt_that_is_soon_repeated(
    ask: Ask, stage: Stage, error: Exception
) -> None:
    stage.runs = [raising(error)]
    after = runner.run(ask().job.pk, "worker")
    assert after is not None
    assert (after.state, after.attempts, after.lease_token, after.message_code) == (
        State.RUNNING,
        1,
        None,
        "database_trouble",
    )


def test_a_job_that_breaks_the_database_every_time_fails_in_the_end(ask: Ask, stage: Stage, turn: Turn) -> None:
    stage.runs = [raising(OperationalError("canceling statement due to statement timeout"))]
    job = ask().job
    for attempt in range(backoff.MOST_ATTEMPTS):
        turn(timedelta(hours=attempt))
        after = runner.run(job.pk, "worker")
    assert after is not None and (after.state, after.error_code) == (State.FAILED, "database_trouble")


CUT_THREE_TIMES = """
CREATE SEQUENCE knocks;
CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.lease_token IS NULL AND nextval('knocks') <= 3 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER cut BEFORE UPDATE ON syncjobs_syncjob FOR EACH ROW EXECUTE FUNCTION cut();
"""


def test_a_database_that_breaks_off_is_asked_again_until_the_job_can_be_given_back(
    ask: Ask, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "KNOCK_SECONDS", 0.01)
    stage.runs = [raising(OperationalError("server closed"))]
    job = ask().job
    with connection.cursor() as cursor:
        cursor.execute(CUT_THREE_TIMES)
    try:
        after = runner.run(job.pk, "worker")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER cut ON syncjobs_syncjob; DROP FUNCTION cut; DROP SEQUENCE knocks")
    assert after is not None and (after.lease_token, after.attempts, after.crashes) == (None, 1, 0)


def terminated() -> None:
    """A failover, for this thread's connection."""

    def terminate(backend: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    assert at_once([lambda: terminate(backend)]) == [None]


def test_a_connection_killed_between_two_pages_ends_the_slice_instead_of_being_replaced(ask: Ask, stage: Stage) -> None:
    """The database that answers after a failover may never have had the last page: its checkpoint must be read again."""

    def run(context: Context) -> None:
        page(context)
        terminated()
        page(context)
        page(context)

    stage.runs = [run]
    after = runner.run(ask().job.pk, "worker")
    assert after is not None
    assert (after.message_code, after.attempts, after.lease_token) == ("database_trouble", 1, None)


def test_a_connection_that_was_replaced_behind_a_slices_back_ends_it(ask: Ask, stage: Stage) -> None:
    """What a call of Gmail brought is saved before what ended the call is heard: a beat within it that failed must not be lost."""
    reached: list[str] = []

    def run(context: Context) -> None:
        page(context)
        terminated()
        with suppress(OperationalError), transaction.atomic():  # a beat: Django closes what broke off
            SyncJob.objects.exists()
        assert SyncJob.objects.exists(), "by another connection"
        page(context)
        reached.append("saved")

    stage.runs = [run]
    after = runner.run(ask().job.pk, "worker")
    assert after is not None and not reached
    assert (after.message_code, after.attempts, after.lease_token) == ("database_trouble", 1, None)


def test_a_connection_killed_in_the_middle_of_a_page_leaves_nothing_of_it(ask: Ask, stage: Stage, turn: Turn) -> None:
    def run(context: Context) -> None:
        with context.page() as report:
            report.percentage = 50
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    stage.runs = [run, lambda context: None]
    job = runner.run(ask().job.pk, "worker")
    assert job is not None and (job.state, job.percentage) == (State.RUNNING, 0)
    turn(timedelta(seconds=6))
    after = runner.run(job.pk, "worker")
    assert after is not None and after.state == State.SUCCEEDED


@pytest.mark.parametrize(
    "error", [Interrupted(phase="x"), CancelRequested(), LeaseLost(), JobFailed("x"), RetryLater("x")]
)
def test_whatever_ends_a_slice_never_reaches_celery(ask: Ask, stage: Stage, error: Exception) -> None:
    stage.runs = [raising(error)]
    assert isinstance(runner.run(ask().job.pk, "worker"), SyncJob)


@pytest.mark.parametrize("end", [KeyboardInterrupt(), SystemExit(1)])
def test_a_process_that_ends_gives_its_job_back(ask: Ask, stage: Stage, turn: Turn, end: BaseException) -> None:
    job = ask().job
    stage.runs = [raising(end), page]
    with pytest.raises(type(end)):
        runner.run(job.pk, "worker")
    job.refresh_from_db()
    assert (job.state, job.lease_token, job.message_code, job.crashes) == (State.RUNNING, None, "shutdown", 0)
    turn(timedelta(seconds=3))
    after = runner.run(job.pk, "worker")
    assert after is not None and after.state == State.SUCCEEDED


def test_code_that_ends_every_process_it_runs_in_comes_to_an_end(ask: Ask, stage: Stage, turn: Turn) -> None:
    job = ask().job
    stage.runs = [raising(SystemExit(1))]
    for attempt in range(1, backoff.MOST_ATTEMPTS + 1):
        with pytest.raises(SystemExit):
            runner.run(job.pk, "worker")
        turn(timedelta(hours=attempt))
    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, "shutdown")


@pytest.mark.parametrize("attempt", [1, 2, 5, 17, 400])
def test_the_delay_doubles_up_to_half_an_hour_with_jitter(attempt: int) -> None:
    ceiling = backoff.delay(attempt, lambda: 1.0)
    assert ceiling == min(30.0 * 2 ** (attempt - 1), 1800.0)
    assert backoff.delay(attempt, lambda: 0.0) == 1.0
