"""What a running job may see, what it may say."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import F, FloatField, Value
from django.db.models.functions import Greatest

from syncjobs import journal, lease, progress, shutdown, traces
from syncjobs.errors import CancelRequested, Interrupted
from syncjobs.models import SyncJob
from syncjobs.pace import Pace
from syncjobs.states import Phase

NAP_SECONDS = 0.5
COUNTED_DOWN_EVERY = 5.0  # seconds
PATIENCE_SECONDS = 2.0  # a longer wait does not hold a process while other jobs are due
PUBLISH_SECONDS = 0.25
FREE_NOTES, NOTE_SECONDS = 12, 60.0  # of a slice: a push every few seconds must not fill the log with changes of phase
LATEST = 240.0  # seconds after a slice's time in which what it is at may end: soon after that its process is killed
ALMOST_DONE = 99.9  # 100 is for SUCCEEDED alone


@dataclass(slots=True)
class Report:
    """What a page changes of the job's visible progress; what stays None stays as it was."""

    phase: str | None = None
    message: tuple[str, dict[str, Any]] | None = None
    stats: dict[str, int] | None = None
    percentage: float | None = None
    remaining: int | None = None
    at_least: float = 0.0  # seconds that what remains takes, whatever the pace
    worked: int | None = None
    mode: str | None = None
    progressed: bool = True  # False where a page only looked: crashes are counted until something was done


@dataclass
class Context:
    """The side of a job that its kind works with: pages, waits, events. Every method may raise LeaseLost."""

    job: SyncJob
    limit: int | None = None  # how much work this slice may do, in units of its kind
    deadline: float = field(default_factory=lambda: time.monotonic() + settings.SYNC_SLICE.total_seconds())
    clock: Callable[[], float] = time.monotonic
    line: Any = None  # the connection to the database that the slice began with; None: any will do
    _pace: Pace = field(default_factory=Pace)
    _renewed: float = field(default_factory=time.monotonic)
    _published: float = 0.0
    _phase: str | None = None  # the last one that the log tells of this slice
    _notes: int = 0
    _noted: float = 0.0
    _latest: float = 0.0
    _nudge: datetime | None = None  # the newest one that this slice has seen
    _heard: datetime | None = None  # the newest one that its kind was told of

    def __post_init__(self) -> None:
        """Whatever nudged before the slice is answered by its beginning."""
        self._latest = self.deadline + LATEST
        self._nudge = self._heard = self.job.nudged_at

    @contextmanager
    def page(self) -> Iterator[Report]:
        """One transaction of work: fence first, then the caller's writes, then progress with the renewed lease.

        Raises CancelRequested before any work when a person asked for it.
        """
        with traces.span("page") as span, transaction.atomic():
            self._fence()
            report = Report()
            yield report
            lease.renew(self.job, **self._columns(report))
            self._note_phase(report.phase)
            span.note(phase=report.phase or "", worked=report.worked or 0)
        self._renewed = self.clock()
        self._publish()

    def checkpoint(self) -> None:
        """Between two pages: end the slice when its time is over or the worker shuts down. Raises Interrupted."""
        if shutdown.asked():
            raise Interrupted(phase=Phase.NEXT_SLICE, code="shutdown")
        if self.clock() >= self.deadline:
            raise Interrupted(phase=Phase.NEXT_SLICE, code="next_slice")

    def give_way(self) -> None:
        """Between two passes: end the slice when others are due, however long its time. Raises Interrupted."""
        if self._others_are_due():
            raise Interrupted(phase=Phase.NEXT_SLICE, code="next_slice")

    def nudged(self) -> bool:
        """Whether somebody asked for the job again since this was last asked, as far as the last page or beat saw."""
        news = self._nudge != self._heard
        self._heard = self._nudge
        return news

    @property
    def heard(self) -> datetime | None:
        """The newest nudge that the kind was told of."""
        return self._heard

    def beat(self) -> None:
        """Renew the lease from within a long download; cheap when called often. Raises CancelRequested, Interrupted."""
        if self.clock() >= self._latest:
            raise Interrupted(phase=Phase.NEXT_SLICE, code="next_slice")
        if self.clock() - self._renewed < lease.seconds_between_renewals():
            return
        with transaction.atomic():
            self._fence()
            lease.renew(self.job)
        self._renewed = self.clock()

    def wait(self, seconds: float, phase: str, code: str, **params: Any) -> None:
        """Wait visibly, with the lease renewed; give the job back instead when others are due or the wait is long.

        Raises Interrupted, CancelRequested.
        """
        until, said = self.clock() + seconds, seconds
        if seconds > PATIENCE_SECONDS:
            self._say(phase, code, seconds=round(seconds), **params)
        while (left := until - self.clock()) > 0:
            self.checkpoint()
            if left > PATIENCE_SECONDS and self._is_nudged_now():
                # What is new must not wait with what is old: the next slice begins by looking for it.
                raise Interrupted(phase=Phase.NEXT_SLICE, code="next_slice")
            if left > PATIENCE_SECONDS and (left > settings.SYNC_LEASE.total_seconds() or self._others_are_due()):
                raise Interrupted(wait=left, phase=phase, code=code, seconds=round(left), **params)
            if said - left >= COUNTED_DOWN_EVERY:
                said = left
                self._say(phase, code, seconds=round(left), **params)
            time.sleep(min(left, NAP_SECONDS))
            self.beat()

    def log(self, code: str, level: journal.Level = journal.Level.INFO, **params: Any) -> None:
        """Write an event into the job's log."""
        journal.note(self.job, code, level, **params)

    def _fence(self) -> None:
        """The row is ours, and nobody wants it to end: raises LeaseLost, CancelRequested, OperationalError.

        The last where the connection is not the slice's any more. It broke off in a call whose errors are kept for later, and
        Django has opened another: perhaps to a database that never had the last page, which this slice would go on from.
        """
        if self.line is not None and connection.connection is not self.line:
            raise OperationalError("the connection of this slice was replaced")
        fresh = lease.lock(self.job)
        if fresh.cancel_requested_at is not None:
            raise CancelRequested
        self._nudge = fresh.nudged_at

    def _say(self, phase: str, code: str, **params: Any) -> None:
        with transaction.atomic():
            lease.lock(self.job)
            lease.renew(self.job, phase=phase, message_code=code, message_params=params)
        self._publish(now=True)

    def _is_nudged_now(self) -> bool:
        """Whether somebody asked for the job again since its kind was told of it."""
        return SyncJob.objects.held_by(self.job).exclude(nudged_at=self._heard).exclude(nudged_at=None).exists()

    def _note_phase(self, phase: str | None) -> None:
        """Tell the log of a change, within the page that made it true; beyond the free ones of a slice once a minute."""
        if phase is None or phase == self._phase:
            return
        if self._notes >= FREE_NOTES and self.clock() - self._noted < NOTE_SECONDS:
            return
        self._phase, self._notes, self._noted = phase, self._notes + 1, self.clock()
        journal.note(self.job, phase)

    def _others_are_due(self) -> bool:
        return SyncJob.objects.due().filter(queue=self.job.queue).exclude(pk=self.job.pk).exists()

    def _columns(self, report: Report) -> dict[str, Any]:
        columns: dict[str, Any] = {"attempts": 0, "crashes": 0} if report.progressed else {}
        if report.phase is not None:
            columns["phase"] = report.phase
        if report.mode is not None:
            columns["mode"] = report.mode
        if report.message is not None:
            columns["message_code"], columns["message_params"] = report.message
        if report.stats is not None:
            columns["stats"] = report.stats
        if report.worked is not None:
            self._pace.record(self.clock(), report.worked)
            columns["rate_per_minute"] = self._pace.per_minute()
        if report.remaining is not None:
            columns["eta_seconds"] = self._pace.eta_seconds(report.remaining, report.at_least)
        if report.percentage is not None:
            # Never falls within a job, whatever a further pass finds.
            bounded = Value(min(report.percentage, ALMOST_DONE), output_field=FloatField())
            columns["percentage"] = Greatest(F("percentage"), bounded)
        return columns

    def _publish(self, *, now: bool = False) -> None:
        if now or self.clock() - self._published >= PUBLISH_SECONDS:
            self._published = self.clock()
            token = self.job.lease_token
            self.job = progress.publish_fresh(self.job.pk)
            # The row may be another worker's by now: whoever learned its token here would pass the fence as a zombie.
            self.job.lease_token = token
