"""Whose turn comes before a job's."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from syncjobs.clock import in_
from syncjobs.models import SyncJob
from syncjobs.states import Queue
from syncjobs.turn import ahead

Ask = Callable[..., Any]


def test_older_jobs_of_the_same_queue_that_have_not_begun_come_first(ask: Ask, running: Ask) -> None:
    running(resource="running")
    first, second, third = (ask(resource=name).job for name in ("a", "b", "c"))
    SyncJob.objects.filter(pk=ask(resource="other queue").job.pk).update(queue=Queue.SCHEDULED)
    fourth = ask(resource="d").job
    assert ahead([first, second, third, fourth]) == {first.pk: 0, second.pk: 1, third.pk: 2, fourth.pk: 3}


def test_who_may_not_run_yet_is_before_nobody(ask: Ask) -> None:
    resting, waiting = ask(resource="a").job, ask(resource="b").job
    SyncJob.objects.filter(pk=resting.pk).update(not_before=in_(timedelta(hours=1)))
    assert ahead([waiting]) == {waiting.pk: 0}


def test_who_has_begun_has_no_place(running: Ask, django_assert_num_queries: Any) -> None:
    job = running(resource="a")
    with django_assert_num_queries(0):
        assert ahead([job]) == {}
