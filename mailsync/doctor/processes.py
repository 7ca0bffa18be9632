"""Check that the processes of the Procfile do their work."""

from collections.abc import Iterator

import requests
from django.conf import settings

from gmail import failures
from mailsync.doctor.registry import Finding, bad, ok
from syncjobs import liveness
from syncjobs.models import Heartbeat
from syncjobs.states import QUEUES

PATIENCE = 5.0  # seconds
DUTIES = {
    "interactive": ("syncs that people start", "worker"),
    "scheduled": ("syncs of the clock", "scheduled"),
    "control": ("waking jobs, ticks, rescues", "control"),
}


def workers() -> Iterator[Finding]:
    """A consumer for each queue."""
    for queue in QUEUES:
        if liveness.is_consumed(queue):
            yield ok(f"A worker takes from the queue {queue}.")
        else:
            duty, line = DUTIES[queue]
            yield bad(
                f"Nobody takes from the queue {queue} ({duty}); {_last(liveness.queue_name(queue))}.",
                f"Start the process `{line}` of the Procfile.",
            )


def beat() -> Iterator[Finding]:
    """The clock: without it nothing is started, woken, renewed by itself."""
    if liveness.report()["beat"]:
        yield ok("The beat ticks.")
    else:
        yield bad(
            f"The beat does not tick; {_last(liveness.BEAT)}.", "Start the process `beat` of the Procfile, one of it."
        )


def web() -> Iterator[Finding]:
    """The web process, at the address that people type."""
    address = f"{settings.PUBLIC_URL}/healthz"
    try:
        answer = requests.get(address, timeout=PATIENCE, headers={"User-Agent": "mailsync doctor"})
    except failures.LIBRARY_FAILURES as error:
        yield bad(
            f"{address} does not answer from here ({type(error).__name__}).",
            "Start the process `web` of the Procfile, and the proxy before it; see that PUBLIC_URL leads there.",
        )
        return
    if answer.status_code != 200 or answer.text.strip() != "ok":
        yield bad(
            f"{address} answers {answer.status_code}, but not as mailsync.",
            "See that the proxy hands all paths to the web process, and that PUBLIC_URL names it.",
        )
    else:
        yield ok(f"The web process answers at {settings.PUBLIC_URL}.")


def _last(name: str) -> str:
    seen = Heartbeat.objects.filter(name=name).values_list("seen_at", flat=True).first()
    return f"last seen {seen:%Y-%m-%d %H:%M:%S} UTC" if seen else "never seen"
