"""The protocol of one resource's jobs in small immutable states; every decision comes from the code that the product runs.

What a transaction does under a row's lock is one step; between two steps anything may happen. Time is abstract: a lease may run
out, a worker may be silent, a grace may be over whenever the row allows it. A worker's token is the worker itself: a zombie is a
worker that believes in a lease which the row does not name. Final rows leave the state; who refers to one refers to GONE.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from syncjobs.admission import Active, Scope, Verdict, decide
from syncjobs.states import ACTIVE, State
from tests.syncjobs.kinds import wider

GONE = -1
NOBODY, DEAD = -1, 9  # a token: none, a worker's number, or one whose worker is no more
PAGES = {"small": 1, "large": 2}
NEWS = "small"  # what somebody is owed who asked when the last page was read
PART = {("small", 0): 2, ("large", 0): 1, ("large", 1): 3}  # what each page would show on the bar
FULL_BAR = 4


class Job(NamedTuple):
    """The columns that the protocol reads."""

    state: State = State.CREATED
    mode: str = "small"
    further: str = ""
    token: int = NOBODY
    cancelling: bool = False
    rung: bool = False
    nudged: bool = False  # and whoever runs it has not heard of it yet
    bar: int = 0
    revision: int = 0  # since the step began


class Worker(NamedTuple):
    """Where a process stands, and what it believes."""

    at: str = "idle"  # ready | read | checked | passed | goes_on | stopping | trouble
    job: int = GONE
    mode: str = ""
    page: int = 0


class Ask(NamedTuple):
    """A request: not made yet, in the middle of its transaction with what it decided, or answered."""

    at: str = "unasked"  # decided | answered
    verdict: Verdict | None = None
    mode: str = ""
    job: int = GONE
    otherwise: tuple[Verdict, str] | None = None  # what was decided should the job not be silent after all


class World(NamedTuple):
    """All there is: `jobs` to `pages` are the database, the rest are processes, the broker, what may still go wrong."""

    jobs: tuple[Job, ...]
    wishes: tuple[str, ...]  # none | new (a pass must begin first) | owed | served | withdrawn
    checkpoint: int  # pages of the large pass that the mailbox's checkpoint says are done
    pages: int  # those that really are there, a bit each
    workers: tuple[Worker, ...]
    asks: tuple[Ask, ...]
    messages: frozenset[int]
    cancels: int
    failovers: int


class Step(NamedTuple):
    """One transition; `fair` when it needs no accident and no person, so that it must come in the end."""

    name: str
    after: World
    fair: bool = True


class Violation(Exception):
    """An invariant broke."""


@dataclass(frozen=True)
class Request:
    """Somebody asks for a pass; `again` for one that begins after now."""

    mode: str
    again: bool = False


@dataclass(frozen=True)
class Rules:
    """The protocol; each field turned off is a protocol broken in one place."""

    index: bool = True
    account_lock: bool = True
    token_in_the_fence: bool = True
    fence_locks_the_row: bool = True
    checkpoint_within_the_page: bool = True
    bar_never_falls: bool = True
    pages_are_revisions: bool = True
    finish_heeds_further: bool = True
    finish_heeds_cancel: bool = True
    finals_hold_no_lease: bool = True
    release_is_fenced: bool = True
    widening_looks_twice: bool = True
    further_looks_twice: bool = True
    pushes_ask_again: bool = True
    cancelled_take_no_requests: bool = True
    rings_again: bool = True
    rescues: bool = True
    forces_cancels: bool = True
    pages_hear_nudges: bool = True
    finish_heeds_nudges: bool = True
    failover_breaks_connections: bool = True


@cache
def verdict(job: Job | None, silent: bool, asked: str, again: bool) -> tuple[Verdict, str]:
    """What the product decides about this request."""
    further = Scope(job.further) if job and job.further else None
    active = Active(job.state, Scope(job.mode), further, silent, job.cancelling) if job else None
    decision, scope = decide(active, Scope(asked), again=again, wider=wider)
    return decision, scope.mode


@cache
def covers(mode: str, asked: str) -> bool:
    """Whether a pass of this mode does what was asked."""
    return wider(Scope(mode), Scope(asked)) == Scope(mode)


def _put(items: tuple, place: int, item: object) -> tuple:
    return (*items[:place], item, *items[place + 1 :])


class Protocol:
    """The steps of everybody, under `rules`."""

    def __init__(self, requests: tuple[Request, ...], rules: Rules, *, workers: int = 2, cancels: int = 1) -> None:
        self.requests, self.rules = requests, rules
        self.start = World(
            (),
            ("none",) * len(requests),
            0,
            0,
            (Worker(),) * workers,
            (Ask(),) * len(requests),
            frozenset(),
            cancels,
            1,
        )

    def steps(self, world: World) -> Iterator[Step]:
        """Every next state, with the twin in which the database lost that very commit."""
        for step in self._steps(world):
            self._judge(world, step.after)
            yield step._replace(after=settled(step.after))
            if world.failovers and (world.jobs, world.checkpoint) != (step.after.jobs, step.after.checkpoint):
                yield Step(f"{step.name}, lost by a failover", settled(self._failover(world, step.after)), fair=False)

    def _steps(self, world: World) -> Iterator[Step]:
        for number, worker in enumerate(world.workers):
            if worker.at == "idle":
                yield from self._deliver(world, number)
            else:
                yield Step(f"worker {number} crashes", self._stand(world, number, Worker()), fair=False)
                yield from getattr(self, f"_{worker.at}")(world, number, worker)
        for number, ask in enumerate(world.asks):
            yield from self._ask(world, number, ask)
        for place, job in enumerate(world.jobs):
            yield from self._tend(world, place, job)
        for place in world.messages:
            yield Step("a message is lost", world._replace(messages=world.messages - {place}), fair=False)

    # The doorbell, the sweeper, the person who cancels

    def _tend(self, world: World, place: int, job: Job) -> Iterator[Step]:
        rings = world._replace(jobs=_put(world.jobs, place, job._replace(rung=True)), messages=world.messages | {place})
        if not job.rung and job.token == NOBODY:
            yield Step("wake rings", rings)
        lost = job.token != NOBODY and self.rules.rescues
        if not job.cancelling and (lost or (job.rung and job.token == NOBODY and self.rules.rings_again)):
            yield Step("sweep rings", rings, fair=job.token in (NOBODY, DEAD))
        cancelled = world._replace(jobs=_put(world.jobs, place, self._final(job, State.CANCELLED)))
        if job.cancelling and self.rules.forces_cancels:
            yield Step("sweep cancels", cancelled, fair=job.token in (NOBODY, DEAD))
        if world.cancels:
            wishes = _withdrawn(world.wishes)
            yield Step("cancel ends the job", cancelled._replace(wishes=wishes, cancels=0), fair=False)
            wished = _changed(job, cancelling=True, further="")
            yield Step(
                "cancel is asked for",
                world._replace(jobs=_put(world.jobs, place, wished), wishes=wishes, cancels=0),
                fair=False,
            )

    # A request: one step reads and decides, another one acts

    def _ask(self, world: World, number: int, ask: Ask) -> Iterator[Step]:
        if ask.at == "unasked":
            if self.rules.account_lock and any(other.at == "decided" for other in world.asks):
                return
            wish = "new" if self.requests[number].again else "owed"
            arrived = world._replace(wishes=_put(world.wishes, number, wish))
            for silent in (False, True) if any(job.state is State.RUNNING for job in world.jobs) else (False,):
                yield Step(f"request {number} looks", self._look(arrived, number, silent=silent), fair=False)
        elif ask.at == "decided":
            for after in self._act(world, number, ask):
                yield Step(f"request {number}: {ask.verdict and ask.verdict.value}", after)

    def _look(self, world: World, number: int, *, silent: bool) -> World:
        request = self.requests[number]
        place = 0 if world.jobs else GONE
        job = world.jobs[0]._replace(token=NOBODY, rung=False, nudged=False, bar=0, revision=0) if world.jobs else None
        if job and not self.rules.cancelled_take_no_requests:
            job = job._replace(cancelling=False)
        again = request.again and self.rules.pushes_ask_again
        decision, mode = verdict(job, silent, request.mode, again)
        otherwise = verdict(job, False, request.mode, again) if decision is Verdict.REPLACE else None
        return world._replace(asks=_put(world.asks, number, Ask("decided", decision, mode, place, otherwise)))

    def _act(self, world: World, number: int, ask: Ask) -> Iterator[World]:
        """As syncjobs.lifecycle.request acts on a verdict, with what may have changed since it looked."""
        answered = world._replace(asks=_put(world.asks, number, Ask("answered")))
        job = world.jobs[ask.job] if ask.job != GONE else None
        if ask.verdict is Verdict.CREATE or ask.verdict is Verdict.SUPERSEDE:
            if job and job.cancelling:
                answered = answered._replace(jobs=_put(world.jobs, ask.job, self._final(job, State.CANCELLED)))
            yield self._create(answered, ask.mode)
        elif ask.verdict is Verdict.REPLACE:
            if job and job.state is State.RUNNING:
                stale = answered._replace(jobs=_put(world.jobs, ask.job, self._final(job, State.FAILED)))
                yield self._create(stale, ask.mode)
            assert ask.otherwise
            loud = Ask("decided", *ask.otherwise, ask.job)
            yield world._replace(asks=_put(world.asks, number, loud))
        elif ask.verdict is Verdict.WIDEN:
            if job and (job.state is State.CREATED or not self.rules.widening_looks_twice):
                yield answered._replace(jobs=_put(world.jobs, ask.job, _changed(job, mode=ask.mode)))
            else:
                yield self._note(world, answered, number, ask._replace(mode=self.requests[number].mode))
        elif ask.verdict is Verdict.FURTHER:
            yield self._note(world, answered, number, ask)
        elif job and job.state is State.RUNNING:
            yield answered._replace(jobs=_put(world.jobs, ask.job, job._replace(nudged=True)))
        else:
            yield answered

    def _note(self, world: World, answered: World, number: int, ask: Ask) -> World:
        job = world.jobs[ask.job] if ask.job != GONE else None
        if job and job.state is State.RUNNING:
            return answered._replace(jobs=_put(world.jobs, ask.job, _changed(job, further=ask.mode, nudged=True)))
        if not self.rules.further_looks_twice:
            return answered
        return self._look(world, number, silent=False)

    def _create(self, world: World, mode: str) -> World:
        if self.rules.index and any(job.state in ACTIVE for job in world.jobs):
            raise Violation("a request is refused")
        return world._replace(jobs=(*world.jobs, Job(mode=mode)))

    # A worker, from claim to claim

    def _deliver(self, world: World, number: int) -> Iterator[Step]:
        for place in world.messages:
            job = world.jobs[place]
            if job.cancelling:
                continue
            held = _changed(job, state=State.RUNNING, token=number, nudged=False)  # a slice begins by looking for news
            claimed = self._stand(world, number, _beginning(world, place, job.mode))
            claimed = claimed._replace(jobs=_put(world.jobs, place, held))
            if job.state is State.CREATED:
                claimed = self._begun(claimed, job.mode)
            fair = job.token in (NOBODY, DEAD)
            yield Step(f"worker {number} claims", claimed._replace(messages=world.messages - {place}), fair)
            yield Step(f"worker {number} claims, the message comes twice", claimed, fair=False)

    def _ready(self, world: World, number: int, worker: Worker) -> Iterator[Step]:
        yield Step(f"worker {number} reads a page", self._stand(world, number, worker._replace(at="read")))
        yield Step(f"worker {number} gives the job back", self._release(world, number, worker), fair=False)
        yield Step(f"worker {number} fails the job", self._fail(world, number, worker), fair=False)

    def _fail(self, world: World, number: int, worker: Worker) -> World:
        """Only a person can mend it: whoever waits is told so."""
        away = self._stand(world, number, Worker())
        job = self._held(world, number, worker)
        if job is None:
            return away
        return away._replace(
            jobs=_put(world.jobs, worker.job, self._final(job, State.FAILED)), wishes=_withdrawn(world.wishes)
        )

    def _trouble(self, world: World, number: int, worker: Worker) -> Iterator[Step]:
        yield Step(f"worker {number} outlives the trouble", self._release(world, number, worker))

    def _release(self, world: World, number: int, worker: Worker) -> World:
        away = self._stand(world, number, Worker())
        job = self._held(world, number, worker)
        if job is None and not self.rules.release_is_fenced:
            if worker.job == GONE:
                raise Violation("a final row changed")
            job = world.jobs[worker.job]
        if job is None:
            return away
        return away._replace(jobs=_put(world.jobs, worker.job, _changed(job, token=NOBODY, rung=False)))

    def _read(self, world: World, number: int, worker: Worker) -> Iterator[Step]:
        if not self.rules.fence_locks_the_row:
            job = self._held(world, number, worker)
            yield Step(
                f"worker {number} checks",
                self._stand(world, number, worker._replace(at="checked") if job else Worker()),
            )
            return
        if not self.rules.checkpoint_within_the_page and worker.mode == "large" and world.checkpoint == worker.page:
            yield Step(f"worker {number} moves the checkpoint", world._replace(checkpoint=worker.page + 1))
            return
        yield Step(
            f"worker {number} commits a page", self._page(world, number, worker, self._held(world, number, worker))
        )

    def _checked(self, world: World, number: int, worker: Worker) -> Iterator[Step]:
        job = world.jobs[worker.job] if worker.job != GONE else None
        yield Step(f"worker {number} commits a page", self._page(world, number, worker, job))

    def _page(self, world: World, number: int, worker: Worker, job: Job | None) -> World:
        if job is None:
            return self._stand(world, number, Worker())
        if job.cancelling:
            return self._stand(world, number, worker._replace(at="stopping"))
        if job.state is not State.RUNNING or job.token != number:
            raise Violation("a page was written under a lost token")
        bar = PART[worker.mode, worker.page]
        shown = job._replace(bar=max(bar, job.bar) if self.rules.bar_never_falls else bar)
        shown = shown._replace(revision=job.revision + self.rules.pages_are_revisions)
        done = worker.page + 1 == PAGES[worker.mode]
        if not done:  # the next one reads what is newer than the nudge
            shown = shown._replace(nudged=shown.nudged and not self.rules.pages_hear_nudges)
            if shown.nudged:
                raise Violation("whoever asked is not heard")
        after = world._replace(jobs=_put(world.jobs, worker.job, shown))
        if worker.mode == "large":
            after = _mirrored(after, worker.page, done=done)
        return self._stand(
            after, number, worker._replace(at="passed" if done else "ready", page=0 if done else worker.page + 1)
        )

    def _passed(self, world: World, number: int, worker: Worker) -> Iterator[Step]:
        job = self._held(world, number, worker)
        if job is None:
            after = self._stand(world, number, Worker())
        elif job.cancelling and self.rules.finish_heeds_cancel:
            after = self._stand(world, number, worker._replace(at="stopping"))
        elif (job.further and self.rules.finish_heeds_further) or (job.nudged and self.rules.finish_heeds_nudges):
            after = self._stand(world, number, worker._replace(at="goes_on"))
        else:
            if job.cancelling:
                raise Violation("a cancelled job succeeded")
            if job.nudged and not job.further:
                raise Violation("whoever asked at the last moment is not heard")
            done = self._final(job, State.SUCCEEDED)
            after = self._served(self._stand(world, number, Worker()), worker.mode)
            after = after._replace(jobs=_put(world.jobs, worker.job, done))
        yield Step(f"worker {number} finishes", after)

    def _further_pass(self, world: World, number: int, worker: Worker) -> World:
        job = self._held(world, number, worker)
        if job is None:
            return self._stand(world, number, Worker())
        if job.cancelling:
            return self._stand(world, number, worker._replace(at="stopping"))
        mode = job.further or NEWS
        on = _changed(job, mode=mode, further="", nudged=False)
        after = self._stand(world, number, _beginning(world, worker.job, mode))
        return self._begun(self._served(after._replace(jobs=_put(world.jobs, worker.job, on)), worker.mode), mode)

    def _goes_on(self, world: World, number: int, worker: Worker) -> Iterator[Step]:
        yield Step(f"worker {number} begins the further pass", self._further_pass(world, number, worker))

    def _stopping(self, world: World, number: int, worker: Worker) -> Iterator[Step]:
        job = self._held(world, number, worker)
        after = self._stand(world, number, Worker())
        if job is not None:
            after = after._replace(jobs=_put(world.jobs, worker.job, self._final(job, State.CANCELLED)))
        yield Step(f"worker {number} stops as asked", after)

    def _held(self, world: World, number: int, worker: Worker) -> Job | None:
        """held_by: this very job under this very lease."""
        job = world.jobs[worker.job] if worker.job != GONE else None
        if job is None or job.state is not State.RUNNING:
            return None
        return job if job.token == number or not self.rules.token_in_the_fence else None

    def _begun(self, world: World, mode: str) -> World:
        """A pass begins: what was asked before and insists on a new one may wait for the end of this."""
        wishes = world.wishes
        for number, request in enumerate(self.requests):
            if wishes[number] == "new" and covers(mode, request.mode):
                wishes = _put(wishes, number, "owed")
        return world._replace(wishes=wishes)

    def _served(self, world: World, mode: str) -> World:
        """A pass is complete: whoever waited for this much has it."""
        wishes = world.wishes
        for number, request in enumerate(self.requests):
            if wishes[number] == "owed" and covers(mode, request.mode):
                wishes = _put(wishes, number, "served")
        return world._replace(wishes=wishes)

    def _final(self, job: Job, state: State) -> Job:
        bar = FULL_BAR if state is State.SUCCEEDED else job.bar
        token = NOBODY if self.rules.finals_hold_no_lease else job.token
        return _changed(job, state=state, token=token, bar=bar)

    def _stand(self, world: World, number: int, worker: Worker) -> World:
        return world._replace(workers=_put(world.workers, number, worker))

    # What may never be, what a failover leaves

    def _judge(self, before: World, after: World) -> None:
        if after.jobs != before.jobs:
            _judge_rows(before.jobs, after.jobs)
        if after.pages != (1 << after.checkpoint) - 1:
            raise Violation("the checkpoint is not what is there")

    def _failover(self, before: World, after: World) -> World:
        """The new primary never had the last commit, although whoever made it was told that it had."""
        lost = after._replace(jobs=before.jobs, wishes=before.wishes, checkpoint=before.checkpoint, pages=before.pages)
        told = [number for number, ask in enumerate(after.asks) if ask != before.asks[number]]
        wishes = lost.wishes
        for number, ask in enumerate(after.asks):
            if number in told or ask.at == "decided":  # its job is gone with the commit, or it was answered 503
                wishes = _put(wishes, number, "withdrawn")
        asks = tuple(Ask("answered") if ask.at == "decided" else ask for ask in after.asks)
        lost = lost._replace(wishes=wishes, asks=asks, failovers=0, messages=after.messages)
        if not self.rules.failover_breaks_connections:
            return lost
        workers = tuple(worker if worker.at == "idle" else worker._replace(at="trouble") for worker in after.workers)
        return lost._replace(workers=workers)


def _withdrawn(wishes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("withdrawn" if wish in ("new", "owed") else wish for wish in wishes)


def _changed(job: Job, **columns: object) -> Job:
    return job._replace(revision=job.revision + 1, **columns)  # type: ignore[arg-type]


def _mirrored(world: World, page: int, *, done: bool) -> World:
    pages = world.pages | 1 << page
    if not done:
        return world._replace(checkpoint=page + 1, pages=pages)
    if pages != (1 << (page + 1)) - 1:
        raise Violation("a pass ended with a page missing")
    return world._replace(checkpoint=0, pages=0)


@cache
def _judge_rows(before: tuple[Job, ...], after: tuple[Job, ...]) -> None:
    for old, new in zip(before, after, strict=False):
        if new.bar < old.bar:
            raise Violation("the bar fell")
        if _visible(old) != _visible(new) and not new.revision:
            raise Violation("a change without a revision")
    if sum(job.state in ACTIVE for job in after) > 1:
        raise Violation("two active jobs")
    if any(job.token != NOBODY and job.state is not State.RUNNING for job in after):
        raise Violation("a lease outside RUNNING")


def _visible(job: Job) -> Job:
    return job._replace(rung=False, nudged=False, revision=0)


def _beginning(world: World, job: int, mode: str) -> Worker:
    return Worker("ready", job, mode, world.checkpoint if mode == "large" else 0)


def settled(world: World) -> World:
    """The same world in its simplest form: no final rows, no live token of an idle worker, workers in their order."""
    jobs, workers, moved = _simplest(world.jobs, world.workers)
    asks, messages = world.asks, world.messages
    if moved is not None:
        asks = tuple(ask._replace(job=moved.get(ask.job, GONE)) for ask in asks)
        messages = frozenset(moved[place] for place in messages if place in moved)
    return World(
        jobs, world.wishes, world.checkpoint, world.pages, workers, asks, messages, world.cancels, world.failovers
    )


@cache
def _simplest(
    jobs: tuple[Job, ...], workers: tuple[Worker, ...]
) -> tuple[tuple[Job, ...], tuple[Worker, ...], dict[int, int] | None]:
    """Jobs, workers, and how places among the jobs moved, if they did."""
    kept = [place for place, job in enumerate(jobs) if job.state in ACTIVE]
    moved = {old: new for new, old in enumerate(kept)}
    order = sorted(range(len(workers)), key=lambda number: workers[number])
    tokens = {NOBODY: NOBODY, DEAD: DEAD}
    for new, old in enumerate(order):
        tokens[old] = DEAD if workers[old].at == "idle" else new
    return (
        tuple(jobs[place]._replace(token=tokens[jobs[place].token], revision=0) for place in kept),
        tuple(_pointing(workers[number], moved) for number in order),
        None if len(kept) == len(jobs) else moved,
    )


def _pointing(worker: Worker, moved: dict[int, int]) -> Worker:
    if worker.at == "idle":
        return worker
    if worker.job not in moved:  # whatever it is about to do, it will find its job gone
        return Worker("trouble")
    return worker._replace(job=moved[worker.job])
