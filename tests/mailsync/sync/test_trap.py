"""The trap that a peer falls into: a worker is killed in mid-listing, mail arrives, history is forgotten."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection

from mailsync import schedule
from mailsync.models import Checkpoint
from syncjobs import maintenance
from syncjobs.models import SyncJob
from syncjobs.states import State, Trigger
from tests.mailsync.mirror import held
from tests.mailsync.sync.weather import LEASE, Weather

ROOT = Path(__file__).resolve().parents[3]
WITHIN = 60.0
WORKER = """
import sys, django
django.setup()
from syncjobs import runner
from tests.mailsync.sync.weather import impatience
with impatience():
    runner.run(int(sys.argv[1]), "the worker that is killed")
"""


def kill_a_worker_between_two_pages_of_the_listing(weather: Weather) -> None:
    """A process of its own, stopped by Gmail's silence after the first page, then killed."""
    job = schedule.request_sync(weather.account, trigger=Trigger.BUTTON).job
    weather.gmail.faults({"fault": "hang", "match": {"method": "messages.list", "every": 3}})
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    environment = os.environ | {"DATABASE_URL": database, "GOOGLE_BASE_URL": weather.gmail.url}
    process = subprocess.Popen([sys.executable, "-c", WORKER, str(job.pk)], cwd=ROOT, env=environment)
    try:
        until = time.monotonic() + WITHIN
        while not (position := Checkpoint.objects.get(account=weather.account).position) or not position["page_token"]:
            assert time.monotonic() < until and process.poll() is None, position
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        weather.gmail.faults()


@pytest.mark.parametrize("forgotten", [False, True], ids=["history goes on", "history is forgotten"])
def test_a_worker_killed_between_two_pages_of_a_full_sync_loses_no_mail(weather: Weather, forgotten: bool) -> None:
    kill_a_worker_between_two_pages_of_the_listing(weather)
    position = Checkpoint.objects.get(account=weather.account).position
    assert position["stage"] in ("listing", "glimpse"), position
    ids = weather.gmail.ids()
    arrived = weather.gmail.deliver(2)
    weather.gmail.label(ids[:2], add=("STARRED",))
    weather.gmail.delete(ids[2:3])
    if forgotten:
        weather.gmail.expire_history()
    weather.turn(LEASE * 3)
    maintenance.sweep()
    done = weather.pursue()
    assert (done.state, SyncJob.objects.count()) == (State.SUCCEEDED, 1)
    assert set(arrived) <= set(held(weather.account))
    weather.assert_verified()
