"""Every order in which two or three connections can start, claim, page, finish, cancel, sweep, release one job."""

import copy
import itertools
import random
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from syncjobs import dispatch, lifecycle, maintenance, progress, runner
from syncjobs.admission import Scope
from syncjobs.clock import in_
from syncjobs.context import Context
from syncjobs.errors import AlreadyFinished, CancelRequested, LeaseLost
from syncjobs.lifecycle import Asked
from syncjobs.lifecycle.ending import finish
from syncjobs.models import SyncJob, SyncJobEvent
from syncjobs.states import FINAL, Phase, Queue, State, Trigger
from tests.syncjobs import kinds
from tests.syncjobs.conftest import Turn
from tests.syncjobs.interleave import Pick, Stage, Violation, orders, walks
from tests.syncjobs.kinds import RANK

SEED = 4
MOST_SLICES = 5  # that undisturbed workers may need

LEDGER = """
CREATE TABLE ledger (job bigint NOT NULL, token uuid NOT NULL);
CREATE FUNCTION ledger_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM syncjobs_syncjob WHERE id = NEW.job AND lease_token = NEW.token AND state = 'RUNNING') THEN
        RAISE EXCEPTION 'job % was written under a lost token', NEW.job;
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER ledger_guard AFTER INSERT ON ledger DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ledger_guard();
"""


@dataclass
class World:
    """One resource, what was asked of it and what became of that."""

    owner: User
    resource: str
    checks: Counter[str]
    held: SyncJob | None = None  # by the worker that acts here, as it knows it
    told: list[tuple[Any, ...]] = field(default_factory=list)
    states: dict[int, State] = field(default_factory=dict)
    final: dict[int, str] = field(default_factory=dict)

    # --- what actors do ---------------------------------------------------------------------------------------------

    def small(self) -> None:
        self._ask(Trigger.BUTTON, "small")

    def large(self) -> None:
        self._ask(Trigger.BUTTON, "large")

    def push(self) -> None:
        self._ask(Trigger.PUSH, "small")

    def tick(self) -> None:
        self._ask(Trigger.CLOCK, "medium", queue=Queue.SCHEDULED, skip_locked=True)

    def worker(self) -> None:
        runner.run(self._job(), "worker")

    def claim(self) -> None:
        """A worker that dies over its first page."""
        lifecycle.claim(self._job(), "dying worker")

    def page(self) -> None:
        """A page of the worker that began this job, whether or not it is still its own."""
        try:
            write(self._held())
        except LeaseLost:
            pass
        except CancelRequested:
            self._hear()

    def finish(self) -> None:
        """The end of the same worker's pass, with what was asked for in the meantime, as the runner does it."""
        job = self._held()
        self.told.append(("pass", 0, job.pk, job.mode))
        try:
            while not lifecycle.succeed(job):
                job = lifecycle.begin_further(job)
                self.run(Context(job))
        except LeaseLost:
            pass
        except CancelRequested:
            self._hear()

    def release(self) -> None:
        try:
            lifecycle.release(self._held(), wait=timedelta(0), phase=Phase.NEXT_SLICE, code="next_slice")
        except LeaseLost:
            pass

    def cancel(self) -> None:
        job = SyncJob.objects.active().filter(resource=self.resource).first()
        if job is None:
            return
        try:
            lifecycle.cancel(job, by="anna")
        except AlreadyFinished:
            return
        self.told.append(("cancel", len(self.told), job.pk))

    def sweep(self) -> None:
        maintenance.sweep()

    def wake(self) -> None:
        maintenance.wake()

    def run(self, context: Context) -> None:
        """What a pass does: one page; told once it is committed, with the moment at which it began."""
        began = len(self.told)
        write(context.job)
        self.told.append(("pass", began, context.job.pk, context.job.mode))

    def finished(self, *_: Any) -> None:
        """As the product does: within the finish its resource is locked, before the job."""
        lock(self.owner)

    def _ask(self, trigger: Trigger, mode: str, *, queue: Queue = Queue.INTERACTIVE, skip_locked: bool = False) -> None:
        with transaction.atomic(durable=True):
            if not lock(self.owner, skip_locked=skip_locked):
                return
            sent = len(self.told)
            again = trigger is Trigger.PUSH
            asked = Asked(
                "play", self.owner.pk, self.resource, "A thing", Scope(mode), trigger, queue=queue, again=again
            )
            answer = lifecycle.request(asked)
        self.told.append(("asked", sent, answer.job.pk, mode, again))

    def _hear(self) -> None:
        try:
            lifecycle.cancelled(self._held())
        except LeaseLost:
            pass

    def _held(self) -> SyncJob:
        assert self.held is not None
        return copy.copy(self.held)

    def _job(self) -> int:
        return SyncJob.objects.active().filter(resource=self.resource).values_list("pk", flat=True).first() or 0

    # --- what must hold ---------------------------------------------------------------------------------------------

    def look(self) -> None:
        """After each step, so after each commit."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, state, job::text FROM syncjobs_syncjob job WHERE resource = %s ORDER BY id", [self.resource]
            )
            rows = cursor.fetchall()
        self._hold("one active job", sum(state not in FINAL for _, state, _ in rows) <= 1)
        now = {pk: text for pk, state, text in rows if state in FINAL}
        self._hold("final rows unchanged", all(now.get(pk) == text for pk, text in self.final.items()))
        self.final = now
        self.states = {pk: State(state) for pk, state, _ in rows}

    def end(self, turn: Turn) -> None:
        """Let workers in, undisturbed, then see what has become of everything that was asked."""
        if any(state not in FINAL for state in self.states.values()):
            turn(timedelta(minutes=5))
            for _ in range(MOST_SLICES):
                maintenance.sweep()
                if not (pk := self._job()):
                    break
                runner.run(pk, "quiet worker")
            turn(timedelta(0))
            self.look()
        bad = SyncJobEvent.objects.filter(job__in=self.states, code__in=["BUG", "database_trouble", "failed"])
        trouble = [str(event) for event in bad if event.params.get("why") != "STALE"]
        self._hold("no error swallowed", not trouble, trouble)
        cancelled = {pk for code, _, pk, *_ in self.told if code == "cancel"}
        self._hold("a cancel is kept", all(self.states[pk] is State.CANCELLED for pk in cancelled))
        for _, sent, pk, mode, again in [entry for entry in self.told if entry[0] == "asked"]:
            self._hold("what was accepted ends", self.states[pk] in FINAL)
            done = any(
                RANK[entry[3]] >= RANK[mode] and entry[2] >= pk and (not again or entry[1] >= sent)
                for entry in self.told
                if entry[0] == "pass"
            )
            # A cancel takes along what its job was asked for, or had inherited from a silent one.
            withdrawn = any(state is State.CANCELLED for later, state in self.states.items() if later >= pk)
            self._hold("what was asked for is done", done or withdrawn)

    def _hold(self, invariant: str, holds: bool, evidence: Any = None) -> None:
        self.checks[invariant] += 1
        if not holds:
            raise Violation(f"{invariant}: {evidence or self.told}")


def lock(owner: User, *, skip_locked: bool = False) -> bool:
    return bool(User.objects.select_for_update(no_key=True, skip_locked=skip_locked).filter(pk=owner.pk).first())


def write(job: SyncJob) -> None:
    """A page: its rows under the lease that the worker believes to hold."""
    with Context(job).page() as report:
        record(job)
        report.percentage = 10


def record(job: SyncJob) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO ledger (job, token) VALUES (%s, %s)", [job.pk, job.lease_token])


# --- how a schedule may begin -------------------------------------------------------------------------------------------

LONG_AGO = timedelta(minutes=-31)


def nothing(world: World) -> None:
    """The first start ever."""


def waiting(world: World) -> None:
    _begin(world, state=State.CREATED)


def held(world: World) -> None:
    _begin(world, timedelta(seconds=90))


def owing(world: World) -> None:
    _begin(world, timedelta(seconds=90), further={"mode": "large", "params": {}})


def expired(world: World) -> None:
    past = in_(timedelta(seconds=-91))
    _begin(world, timedelta(seconds=-1), heartbeat_at=past, dispatched_at=past, not_before=past)


def silent(world: World) -> None:
    past = in_(LONG_AGO)
    _begin(world, LONG_AGO, heartbeat_at=past, dispatched_at=past, not_before=past)


def unheard(world: World) -> None:
    """Somebody asked to cancel it a while ago, its worker does not answer."""
    _begin(world, timedelta(seconds=90), cancel_requested_at=in_(timedelta(seconds=-61)))
    assert world.held is not None
    world.told.append(("cancel", 0, world.held.pk))


def resting(world: World) -> None:
    """Between two attempts."""
    _begin(world, phase=Phase.BACKING_OFF, not_before=in_(timedelta(seconds=47)), attempts=1)


def _begin(world: World, lease: timedelta | None = None, state: State = State.RUNNING, **columns: Any) -> None:
    token = lease and uuid.uuid4()
    job = SyncJob.objects.create(
        task_id=f"sync_1_{world.resource}",
        kind="play",
        owner=world.owner,
        resource=world.resource,
        title="A thing",
        mode="small",
        trigger=Trigger.BUTTON,
        state=state,
        lease_token=token,
        lease_until=lease and in_(lease),
        **columns,
    )
    world.told.append(("asked", 0, job.pk, "small", False))
    world.held = job if token else None


Script = Callable[[World], None]
Opening = Callable[[World], None]
ASKING: list[Script] = [World.small, World.large, World.push, World.tick]
OUTSIDE: list[Script] = [*ASKING, World.worker, World.claim, World.cancel, World.sweep, World.wake]
INSIDE: list[Script] = [*OUTSIDE, World.page, World.finish, World.release]
OPENINGS: dict[Opening, list[Script]] = {
    nothing: [*ASKING, World.worker, World.cancel, World.sweep],
    waiting: OUTSIDE,
    resting: OUTSIDE,
    held: INSIDE,
    owing: [World.large, World.push, World.cancel, World.finish, World.release],
    expired: INSIDE,
    silent: INSIDE,
    unheard: [World.small, World.push, World.claim, World.cancel, World.sweep, World.page, World.finish, World.release],
}
# The worker of a job is one: what it does is never side by side with itself.
OF_THE_HOLDER = {World.page, World.finish, World.release}


def casts(size: int) -> Iterator[tuple[Opening, tuple[Script, ...]]]:
    for opening, scripts in OPENINGS.items():
        for cast in itertools.combinations_with_replacement(scripts, size):
            if sum(script in OF_THE_HOLDER for script in cast) <= 1:
                yield opening, cast


@dataclass
class Theatre:
    """Plays schedules, each with a resource of its own."""

    stage: Stage
    owner: User
    play_kind: kinds.Stage
    turn: Turn
    schedules: int = 0
    checks: Counter[str] = field(default_factory=Counter)

    def play(
        self,
        opening: Opening,
        cast: tuple[Script, ...],
        choose: Callable[[int], int],
        most_preemptions: int,
    ) -> list[Pick]:
        self.schedules += 1
        world = World(self.owner, f"thing:{self.schedules}", self.checks)
        self.play_kind.runs, self.play_kind.tell = [world.run], world.finished  # type: ignore[method-assign]
        opening(world)
        calls = {f"{place} {script.__name__}": partial(script, world) for place, script in enumerate(cast, start=1)}
        try:
            picks = self.stage.play(calls, world.look, choose, most_preemptions)
            world.end(self.turn)
        except Violation as violation:
            raise Violation(f"{opening.__name__}, {', '.join(calls)}: {violation}") from violation.__cause__
        return picks

    def all(self, opening: Opening, cast: tuple[Script, ...], most_preemptions: int) -> None:
        for _ in orders(lambda choose: self.play(opening, cast, choose, most_preemptions)):
            pass

    def some(self, opening: Opening, cast: tuple[Script, ...], dice: random.Random, times: int) -> None:
        for _ in walks(lambda choose: self.play(opening, cast, choose, len(cast) * 2), dice, times):
            pass

    def report(self) -> str:
        counted = ", ".join(f"{name} {times}" for name, times in sorted(self.checks.items()))
        return f"schedules {self.schedules}, steps {self.stage.steps}, waits for a lock {self.stage.waits}; checks: {counted}"


@pytest.fixture
def theatre(owner: User, stage: kinds.Stage, turn: Turn) -> Iterator[Theatre]:
    dispatch._broken_until = progress._broken_until = float("inf")  # nobody listens: the jobs alone are looked at
    with connection.cursor() as cursor:
        cursor.execute(LEDGER)
    actors = Stage.of(3)
    try:
        yield Theatre(actors, owner, stage, turn)
    finally:
        actors.leave()
        del stage.tell
        execute("DROP TABLE ledger;\nDROP FUNCTION ledger_guard()")


Record = Callable[[str, object], None]

# Where the protocol decides a race: these in every order, even by default.
RACES: list[tuple[Opening, tuple[Script, ...]]] = [
    (nothing, (World.small, World.large)),
    (waiting, (World.worker, World.worker)),
    (waiting, (World.large, World.claim)),
    (held, (World.finish, World.large)),
    (held, (World.finish, World.push)),
    (held, (World.finish, World.cancel)),
    (held, (World.release, World.cancel)),
    (owing, (World.finish, World.cancel)),
    (expired, (World.page, World.worker)),
    (expired, (World.finish, World.claim)),
    (silent, (World.page, World.large)),
    (unheard, (World.finish, World.small)),
]


@pytest.mark.timeout(900)  # for a machine that is busy; well below a minute on an idle one
def test_the_races_in_every_order_and_some_pairs_and_triples_by_lot(theatre: Theatre, record_property: Record) -> None:
    dice = random.Random(SEED)
    for opening, cast in RACES:
        theatre.all(opening, cast, most_preemptions=1)
    for opening, cast in dice.sample(list(casts(2)), 80) + dice.sample(list(casts(3)), 20):
        theatre.some(opening, cast, dice, times=1)
    record_property("summary", theatre.report())
    assert theatre.schedules > 250 and theatre.stage.waits > 100


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_every_pair_in_every_order_and_every_triple_by_lot(theatre: Theatre, record_property: Record) -> None:
    dice = random.Random(SEED)
    for opening, cast in casts(2):
        theatre.all(opening, cast, most_preemptions=1)
    for opening, cast in RACES:
        theatre.all(opening, cast, most_preemptions=3)
    for opening, cast in casts(3):
        theatre.some(opening, cast, dice, times=2)
    record_property("summary", theatre.report())


# --- that each invariant can fail ---------------------------------------------------------------------------------------


def start_without_lock(world: World) -> None:
    with transaction.atomic():
        lifecycle.request(Asked("play", world.owner.pk, world.resource, "A thing", Scope("small"), Trigger.BUTTON))


def page_that_only_looks_at_its_token(world: World) -> None:
    job = world._held()
    with transaction.atomic():
        if SyncJob.objects.held_by(job).exists():
            record(job)
            SyncJobEvent.objects.create(job=job, code="page")


def write_to_whatever_is_there(world: World) -> None:
    SyncJob.objects.filter(resource=world.resource).update(worker="zombie")


def finish_whatever_was_asked(world: World) -> None:
    job = world._held()
    world.told.append(("pass", 0, job.pk, job.mode))
    finish(job, State.SUCCEEDED, SyncJob.objects.held_by(job), code="done", percentage=100.0)


def lock_the_job_before_the_resource(world: World) -> None:
    with transaction.atomic():
        list(SyncJob.objects.filter(resource=world.resource).select_for_update(no_key=True))
        lock(world.owner)


def release_for_ever(world: World) -> None:
    lifecycle.release(world._held(), wait=timedelta(days=1), phase=Phase.NEXT_SLICE, code="")


def fail_by_a_bug(world: World) -> None:
    lifecycle.release(world._held(), wait=timedelta(0), phase=Phase.BACKING_OFF, code="BUG", failed_attempt=True)


@pytest.mark.parametrize(
    ("opening", "careless", "other", "sabotage", "found"),
    [
        (nothing, start_without_lock, World.tick, "", "raised IntegrityError.*one_active_job"),
        (nothing, start_without_lock, World.tick, "DROP INDEX one_active_job_per_resource", "one active job"),
        (expired, page_that_only_looks_at_its_token, World.claim, "", "was written under a lost token"),
        (held, write_to_whatever_is_there, World.finish, "", "raised IntegrityError.*is final"),
        (
            held,
            write_to_whatever_is_there,
            World.finish,
            "ALTER TABLE syncjobs_syncjob DISABLE TRIGGER syncjobs_guard",
            "final rows unchanged",
        ),
        (held, finish_whatever_was_asked, World.large, "", "what was asked for is done"),
        (held, finish_whatever_was_asked, World.push, "", "what was asked for is done"),
        (held, finish_whatever_was_asked, World.cancel, "", "a cancel is kept"),
        (held, lock_the_job_before_the_resource, World.finish, "", "everybody waits for somebody else|deadlock"),
        (held, release_for_ever, World.wake, "", "what was accepted ends"),
        (held, fail_by_a_bug, World.wake, "", "no error swallowed"),
    ],
)
def test_what_breaks_the_protocol_is_found(
    theatre: Theatre, opening: Opening, careless: Script, other: Script, sabotage: str, found: str
) -> None:
    try:
        execute(sabotage)
        with pytest.raises(Violation, match=found):
            theatre.all(opening, (careless, other), most_preemptions=1)
    finally:
        execute(sabotage and REPAIR)


REPAIR = """
DELETE FROM syncjobs_syncjobevent;
DELETE FROM syncjobs_syncjob;
CREATE UNIQUE INDEX IF NOT EXISTS one_active_job_per_resource ON syncjobs_syncjob (resource)
    WHERE state IN ('CREATED', 'RUNNING');
ALTER TABLE syncjobs_syncjob ENABLE TRIGGER syncjobs_guard;
"""


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        for statement in filter(str.strip, sql.split(";\n")):
            cursor.execute(statement)
