"""Mail of tens of megabytes: streamed, with the lease renewed between two chunks."""

import base64
import random
import threading
import time
from typing import Any

import pytest
from django.db import connections

from mailsync.models import Account
from syncjobs import lifecycle
from syncjobs.models import SyncJob
from syncjobs.states import State
from tests.mailsync.sync.weather import LEASE, Weather

MEGABYTE = 1 << 20


def letter(size: int) -> str:
    """A message of about `size` bytes that does not compress to nothing, as /control/deliver takes it."""
    data = base64.encodebytes(random.Random(size).randbytes(size * 57 // 78))
    head = b"From: a@example.com\r\nSubject: big\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\n"
    head += b"Content-Disposition: attachment; filename=big.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return base64.urlsafe_b64encode(head + data.replace(b"\n", b"\r\n")).decode()


def take_over(stop: threading.Event) -> None:
    """What another worker would do when the bell is rung: whose lease has run out loses its job."""
    try:
        while not stop.wait(0.1):
            for job in SyncJob.objects.filter(state=State.RUNNING).exclude(lease_token=None):
                lifecycle.claim(job.pk, "another worker")
    finally:
        connections.close_all()


def bring(weather: Weather, size: int, seconds: float) -> SyncJob:
    """A first sync of a mailbox with a message of that size, which takes that long to come."""
    Account.objects.filter(pk=weather.account.pk).update(policy="archive")
    (big,) = weather.gmail.control("deliver", email=weather.gmail.email, messages=[{"raw": letter(size)}])["ids"]
    weather.gmail.faults({"fault": "slow", "match": {"ids": [big]}, "seconds": seconds})
    stop = threading.Event()
    other = threading.Thread(target=take_over, args=(stop,), daemon=True)
    other.start()
    try:
        return weather.pursue()
    finally:
        stop.set()
        other.join(10)
        weather.gmail.faults()


def test_a_slow_download_of_many_megabytes_keeps_its_lease(weather: Weather, settings: Any) -> None:
    settings.SYNC_LEASE, seconds = (
        LEASE * 3,
        LEASE.total_seconds() * 4,
    )  # a busy machine may be silent for a second or two
    began = time.monotonic()
    done = bring(weather, 24 * MEGABYTE, seconds)
    assert time.monotonic() - began > seconds
    assert (done.state, done.slices, done.crashes) == (State.SUCCEEDED, 1, 0)
    weather.assert_verified()


def test_a_download_that_breaks_off_again_and_again_is_owed_and_stops_nothing(weather: Weather) -> None:
    Account.objects.filter(pk=weather.account.pk).update(policy="archive")
    (big,) = weather.gmail.control("deliver", email=weather.gmail.email, messages=[{"raw": letter(2 * MEGABYTE)}])[
        "ids"
    ]
    weather.endure([{"fault": "truncate", "match": {"ids": [big]}}], [])
    assert weather.owed() == weather.missing() == {big}
    weather.settle()


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_largest_message_that_gmail_stores_is_mirrored(weather: Weather) -> None:
    done = bring(weather, 150 * MEGABYTE, LEASE.total_seconds() * 4)
    assert (done.state, done.slices, done.crashes) == (State.SUCCEEDED, 1, 0)
    weather.assert_verified()
