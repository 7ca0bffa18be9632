"""What a job of one resource must become, told in plain Python: no database, no threads, seconds that somebody counts."""

from dataclasses import dataclass, field

from tests.syncjobs.kinds import RANK

LEASE, GRACE, SILENCE = 90, 60, 1800
MOST_CRASHES, MOST_ATTEMPTS = 3, 8
FULL, ALMOST = 100.0, 99.9

Token = int  # the number of the claim that made it


@dataclass
class Job:
    mode: str
    queue: str
    not_before: int
    heartbeat: int
    state: str = "CREATED"
    phase: str = "queued"
    further: str | None = None
    token: Token | None = None
    lease_until: int | None = None
    dispatched: int | None = None
    rings: int = 0
    slices: int = 0
    crashes: int = 0
    attempts: int = 0
    cancel_at: int | None = None
    nudged: int | None = None
    heard: int | None = None  # the nudge that whoever holds it knows of
    percentage: float = 0
    revision: int = 1
    error: str = ""
    events: list[str] = field(default_factory=lambda: ["created"])

    @property
    def active(self) -> bool:
        return self.state in ("CREATED", "RUNNING")

    def happens(self, *events: str) -> None:
        self.revision += 1
        self.events += events

    def end(self, state: str, event: str) -> None:
        self.state, self.phase, self.token, self.lease_until = state, "done", None, None
        self.happens("failed" if state == "FAILED" else event)
        self.error = event if state == "FAILED" else ""
        self.percentage = FULL if state == "SUCCEEDED" else self.percentage


def widest(*modes: str | None) -> str:
    return max((mode for mode in modes if mode), key=RANK.__getitem__)


@dataclass
class Reference:
    """All jobs that this resource ever had, the messages on their way, the time."""

    now: int = 0
    jobs: list[Job] = field(default_factory=list)
    broker: bool = True
    messages: dict[str, list[Job]] = field(default_factory=lambda: {"interactive": [], "scheduled": []})
    claims: int = 0

    @property
    def active(self) -> Job | None:
        return next((job for job in self.jobs if job.active), None)

    def unleased(self, job: Job) -> bool:
        return job.token is None or (job.lease_until or 0) < self.now

    def due(self, job: Job) -> bool:
        return job.active and self.unleased(job) and job.not_before <= self.now

    def request(self, mode: str, queue: str, again: bool) -> str:
        job = self.active
        if job is None:
            return self._create(mode, queue, "created")
        if job.cancel_at is not None:
            job.end("CANCELLED", "cancelled")
            return self._create(mode, queue, "superseded")
        if self._silent(job):
            job.end("FAILED", "STALE")
            return self._create(widest(job.mode, job.further, mode), queue, "replaced")
        verdict = self._widen(job, mode) if job.state == "CREATED" else self._ask_further(job, mode, again)
        if job.state == "RUNNING":
            job.nudged = self.now
        if queue == "interactive":
            job.queue = queue
            if job.token is None and job.phase == "backing_off":
                job.not_before, job.dispatched = self.now, None
        self.ring(job)
        return verdict

    def _silent(self, job: Job) -> bool:
        return job.state == "RUNNING" and max(job.heartbeat, job.not_before) < self.now - SILENCE

    def _create(self, mode: str, queue: str, verdict: str) -> str:
        self.jobs.append(Job(mode, queue, self.now, self.now))
        self.ring(self.jobs[-1])
        return verdict

    def _widen(self, job: Job, mode: str) -> str:
        if RANK[mode] <= RANK[job.mode]:
            return "adopted"
        job.mode = mode
        job.happens("widened")
        return "widened"

    def _ask_further(self, job: Job, mode: str, again: bool) -> str:
        if RANK[mode] <= RANK[job.mode] and not again:
            return "adopted"
        if job.further is not None and RANK[mode] <= RANK[job.further]:
            return "adopted"
        job.further = mode
        job.happens("further_pass_asked")
        return "further"

    def ring(self, job: Job) -> bool:
        if not self.due(job):
            return False
        if not self.broker:
            job.dispatched = None
            return False
        job.dispatched = self.now
        job.rings += 1
        self.messages[job.queue].append(job)
        return True

    def claim(self, job: Job) -> Token | None:
        if not self.due(job) or job.cancel_at is not None:
            return None
        crashed = job.token is not None
        job.crashes += crashed
        job.phase = "starting" if job.state == "CREATED" else job.phase
        self.claims += 1
        job.state, job.token, job.lease_until, job.heartbeat = "RUNNING", self.claims, self.now + LEASE, self.now
        job.slices, job.rings, job.heard = job.slices + 1, 0, job.nudged
        job.happens("rescued" if crashed else "claimed")
        return job.token

    def holds(self, job: Job, token: Token) -> bool:
        return job.state == "RUNNING" and job.token == token

    def hears(self, job: Job, token: Token) -> str:
        """What a worker learns at its fence: "lost", "cancelled" (which it then is), or "" to go on."""
        if not self.holds(job, token):
            return "lost"
        if job.cancel_at is None:
            return ""
        job.end("CANCELLED", "cancelled")
        return "cancelled"

    def page(self, job: Job, token: Token, percentage: float, seconds: int = 0) -> str:
        if told := self.hears(job, token):
            return told
        self.now += seconds
        job.lease_until, job.heartbeat, job.attempts, job.crashes = self.now + LEASE, self.now, 0, 0
        job.percentage = max(job.percentage, min(percentage, ALMOST))
        job.happens()
        return "written"

    def release(self, job: Job, token: Token, wait: int, phase: str, failed: bool) -> str:
        if not self.holds(job, token):
            return "lost"
        job.not_before, job.dispatched, job.heartbeat = self.now + wait, None, self.now
        job.token = job.lease_until = None
        job.phase, job.attempts = phase, job.attempts + failed
        job.happens(phase)
        if not wait:
            self.ring(job)
        return "released"

    def finish(self, job: Job, token: Token, news: str | None = None) -> str:
        """One attempt to end well: the further pass asked for, else the `news` for a nudge unheard, begins instead."""
        if told := self.hears(job, token):
            return told
        owed = job.further or (news if job.nudged != job.heard else None)
        if owed is None:
            job.end("SUCCEEDED", "done")
            return "succeeded"
        job.mode, job.further, job.heard = owed, None, job.nudged
        job.happens("further_pass")
        return "went on"

    def fail(self, job: Job, token: Token, code: str) -> str:
        if not self.holds(job, token):
            return "lost"
        job.end("FAILED", code)
        return "failed"

    def cancel(self, job: Job) -> str:
        if not job.active:
            return "too late"
        if self.unleased(job):
            job.end("CANCELLED", "cancelled")
            return "cancelled"
        job.cancel_at = self.now if job.cancel_at is None else job.cancel_at
        job.further = None
        job.happens("cancel_requested")
        return "asked to end"

    def force(self, job: Job) -> bool:
        if not job.active or job.cancel_at is None:
            return False
        ignored = job.cancel_at < self.now - GRACE
        if self.unleased(job) or ignored:
            job.end("CANCELLED", "cancelled" if self.unleased(job) else "cancelled_by_force")
        return not job.active

    def sweep(self) -> int:
        job = self.active
        if job is None or self.force(job) or job.cancel_at is not None or not self._unanswered(job):
            return 0
        lost = job.token is not None
        if not self.ring(job):
            return 0
        job.events.append("worker_lost" if lost else "rung_again")
        return 1

    def _unanswered(self, job: Job) -> bool:
        if job.dispatched is None:
            return job.token is not None
        return self.now - job.dispatched > min(15 * 2 ** max(job.rings - 1, 0), 600)

    def wake(self) -> int:
        job = self.active
        return int(job is not None and job.dispatched is None and job.token is None and self.ring(job))
