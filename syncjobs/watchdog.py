"""End a worker that is connected yet no longer consumes, so that its supervisor starts another."""

import logging
import os
import signal
import threading
from dataclasses import dataclass
from typing import Any

from celery import current_app
from celery.utils.nodenames import worker_direct
from celery.worker import state
from django.conf import settings
from kombu.exceptions import KombuError

from syncjobs.dispatch import IMPATIENT

log = logging.getLogger(__name__)

CALL_TASK = "syncjobs.listening"
MOST_MISSED = 6  # checks in a row; counted, not timed: a machine that slept has missed one


@dataclass
class Hearing:
    """Whether a worker still hears what it is told; a ping would not say so."""

    missed: int = 0

    def heard(self) -> None:
        """A message came in."""
        self.missed = 0

    def is_lost(self, *, busy: bool, called: bool) -> bool:
        """One check: a busy worker takes nothing, and without a broker nobody can be heard."""
        self.missed = 0 if busy or not called else self.missed + 1
        return self.missed > MOST_MISSED


class Watchdog(threading.Thread):
    """Calls its own worker, on a queue that nobody else reads, and listens whether the call arrives."""

    def __init__(self, consumer: Any) -> None:
        super().__init__(name="watchdog", daemon=True)
        self.consumer = consumer
        self.hearing = Hearing()
        self.pause = settings.SYNC_LEASE.total_seconds() / 9
        self.over = threading.Event()

    def run(self) -> None:
        """Watch until the worker stops; ask it to stop when it is deaf, then end it."""
        while not self.over.wait(self.pause):
            busy = len(state.reserved_requests) >= (self.consumer.pool.num_processes or 1)
            if self.hearing.is_lost(busy=busy, called=not busy and self._call()):
                log.critical("this worker is connected, but hears nothing any more: it ends, to be started anew")
                os.kill(os.getpid(), signal.SIGTERM)  # slices end at their next page
                if not self.over.wait(settings.SYNC_LEASE.total_seconds()):
                    os._exit(1)

    def _call(self) -> bool:
        """With a connection of its own: the pool forks, and a lock that this thread held would stay locked in the child."""
        options = current_app.conf.broker_transport_options | IMPATIENT
        own_queue = worker_direct(self.consumer.hostname).name
        try:
            with current_app.connection_for_write(transport_options=options) as connection:
                producer = connection.Producer(auto_declare=False)
                current_app.send_task(CALL_TASK, producer=producer, queue=own_queue, expires=self.pause, retry=False)
        except (KombuError, OSError):
            return False
        return True
