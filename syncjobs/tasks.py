"""The doors through which Celery enters."""

from typing import Any

from celery import current_app, shared_task
from celery.signals import task_received, worker_process_init, worker_ready, worker_shutting_down

from syncjobs import dispatch, keys, liveness, maintenance, memory, orphans, runner, shutdown, watchdog
from syncjobs.states import QUEUES


@shared_task(name="syncjobs.run", bind=True, ignore_result=True)
def run(self: Any, job_id: int) -> None:
    """Run a slice of a job."""
    runner.run(job_id, self.request.hostname or "worker")


@shared_task(name="syncjobs.wake", ignore_result=True)
def wake() -> None:
    """Ring for what is due."""
    liveness.seen(liveness.BEAT)
    maintenance.wake()


@shared_task(name="syncjobs.sweep", ignore_result=True)
def sweep() -> None:
    """Ring again, rescue, cancel by force."""
    maintenance.sweep()


@shared_task(name="syncjobs.prune", ignore_result=True)
def prune() -> None:
    """Forget what finished long ago."""
    maintenance.prune()
    keys.prune()


@shared_task(name="syncjobs.canaries", ignore_result=True)
def canaries() -> None:
    """Send a canary into each queue."""
    for queue in QUEUES:
        _release(queue)


def _release(queue: str) -> None:
    current_app.send_task("syncjobs.canary", [queue], queue=queue, expires=dispatch.EXPIRES, retry=False)


@shared_task(name="syncjobs.canary", ignore_result=True)
def canary(queue: str) -> None:
    """A worker that runs this does consume, whatever a ping would say."""
    liveness.seen(liveness.queue_name(queue))


@shared_task(name=watchdog.CALL_TASK, ignore_result=True)
def listening() -> None:
    """The watchdog's call: that it was received is all that matters."""


@worker_ready.connect
def _begin(sender: Any, **_: Any) -> None:
    """Be seen as soon as the first canary comes through, not only after the next tick; be watched from now on."""
    for queue in sender.task_consumer.queues:
        if queue.name in QUEUES:
            _release(queue.name)
    dog = watchdog.Watchdog(sender)
    task_received.connect(lambda **_: dog.hearing.heard(), weak=False)
    worker_shutting_down.connect(lambda **_: dog.over.set(), weak=False)
    dog.start()


@worker_shutting_down.connect
def _end_slices(**_: Any) -> None:
    shutdown.ask()


@worker_process_init.connect
def _begin_process(**_: Any) -> None:
    orphans.die_with_the_parent()
    memory.give_back_what_is_big()
