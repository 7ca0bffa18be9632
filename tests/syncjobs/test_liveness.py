from collections.abc import Callable
from datetime import timedelta

from syncjobs import liveness
from syncjobs.context import Context
from syncjobs.models import SyncJob
from tests.syncjobs.conftest import Ask, Turn


def test_a_queue_is_consumed_while_its_canaries_arrive(ask: Ask, turn: Turn) -> None:
    assert not liveness.is_consumed("interactive")
    liveness.seen(liveness.queue_name("interactive"))
    assert liveness.is_consumed("interactive") and not liveness.is_consumed("scheduled")
    turn(liveness.SILENCE + timedelta(seconds=1))
    assert not liveness.is_consumed("interactive")
    liveness.seen(liveness.queue_name("interactive"))
    assert liveness.is_consumed("interactive")


def test_workers_busy_with_jobs_they_hold_are_not_dead(running: Callable[..., SyncJob], turn: Turn) -> None:
    job = running()
    assert liveness.is_consumed("interactive")
    turn(liveness.SILENCE + timedelta(seconds=1))
    assert not liveness.is_consumed("interactive")
    with Context(job).page():
        pass
    assert liveness.is_consumed("interactive")


def test_a_report_names_every_part(ask: Ask) -> None:
    found = liveness.report()
    assert found == {
        "redis": True,
        "beat": False,
        "worker_interactive": False,
        "worker_scheduled": False,
        "worker_control": False,
    }
    liveness.seen(liveness.BEAT)
    assert liveness.report()["beat"]
