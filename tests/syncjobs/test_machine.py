"""Any sequence of events against the reference: on a real Postgres, with a real broker, by a clock that is turned."""

import base64
import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import redis
from django.conf import settings as configured
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from syncjobs import dispatch, lifecycle, maintenance, progress, runner
from syncjobs.admission import Scope
from syncjobs.context import Context
from syncjobs.errors import AlreadyFinished, CancelRequested, Interrupted, JobFailed, LeaseLost
from syncjobs.lifecycle import Asked
from syncjobs.models import SyncJob, SyncJobEvent, SyncJobQuerySet
from syncjobs.states import Queue, State, Trigger
from tests.syncjobs.kinds import RANK, Stage, request
from tests.syncjobs.reference import MOST_ATTEMPTS, MOST_CRASHES, Job, Reference

# Each event takes a tick. No sum of the protocol's spans below is a multiple of it, or within three seconds of one: what is
# compared is never so close that the milliseconds of a test could decide it.
TICK = 19
WAITS = {"next_slice": 0, "backing_off": 47, "waiting_for_quota": 1000}
LONG_WAIT = 9000
TOLERANCE = timedelta(seconds=TICK / 2)

MODES = st.sampled_from(list(RANK))
ASKERS = st.sampled_from(
    [(Trigger.BUTTON, Queue.INTERACTIVE), (Trigger.CLOCK, Queue.SCHEDULED), (Trigger.PUSH, Queue.INTERACTIVE)]
)
Hand = tuple[Job, SyncJob, int]  # with the token's number
Asker = tuple[Trigger, Queue]
PERCENTAGES = st.sampled_from([0.0, 12.5, 40.0, 100.0])
RECENT = st.sampled_from([0, 0, 0, 1, 2])
SELDOM = st.sampled_from([False] * 5 + [True])
RESOURCE = "thing:1"

# What may happen, as the method's name with its arguments: first what whoever holds the job does, or held it lately.
ACTS = [
    st.tuples(st.just("page"), PERCENTAGES, st.sampled_from([0, 0, 1, 5, 100]), SELDOM),
    st.tuples(st.just("release"), st.sampled_from(list(WAITS)), SELDOM),
    st.tuples(st.just("finish"), SELDOM),
]
SLICE = st.tuples(
    st.just("deliver_and_run"),
    PERCENTAGES,
    st.one_of(st.none(), st.just("cancel"), st.tuples(MODES, ASKERS)),
    st.sampled_from(["return", "return", "interrupt", "fail"]),
)
REQUEST = st.tuples(st.just("request"), MODES, ASKERS, SELDOM)
ELSE = [
    st.tuples(st.sampled_from(["cancel", "cancel", "claim_and_cancel"])),
    st.just(("sweep",)),
    st.tuples(st.sampled_from(["wake", "the_broker_goes_or_comes_back"])),
    st.tuples(st.sampled_from(["lose_a_message", "double_a_message"])),
    st.tuples(st.just("time_passes"), st.sampled_from([1, 3, 50, 100, 500])),
    st.tuples(st.just("time_passes"), st.sampled_from([3, 4, 5, 6])),
]

# What takes several steps in a row: played once from the first to the last, and as far as it likes before an example.
ASKED = ("else", ("request", "medium", (Trigger.BUTTON, Queue.INTERACTIVE), False))
CLAIMED = ("message", ("deliver",))
LATER = ("else", ("time_passes", 5))
SCENES = [
    [ASKED, CLAIMED, LATER, CLAIMED, LATER, CLAIMED, LATER, CLAIMED],
    [ASKED, ("else", ("claim_and_cancel",)), ("else", ("time_passes", 2)), ("else", ("sweep",))],
    [ASKED, CLAIMED, ("else", ("cancel",)), ("worker", 0, ("finish", False))],
    [ASKED, CLAIMED, ("worker", 0, ("release", "backing_off", False)), LATER, ("else", ("wake",))],
    [ASKED, ("message", ("deliver_and_run", 40.0, None, "fail"))],
]

EQUAL = ("state", "phase", "mode", "queue", "slices", "crashes", "attempts", "percentage", "revision")


class Machine(RuleBasedStateMachine):
    """Does everything twice: to the product, to the reference. What they say and what they hold must be the same."""

    def __init__(self, owner: User, stage: Stage, broker: redis.Redis, counts: Counter[str]) -> None:
        super().__init__()
        self.owner, self.stage, self.broker, self.counts = owner, stage, broker, counts
        SyncJobEvent.objects.all().delete()
        SyncJob.objects.all().delete()
        broker.delete(*Queue.values)
        dispatch._broken_until = 0.0
        self.model = Reference()
        self.epoch = datetime.now(UTC)
        self.ids: list[int] = []
        self.hands: list[Hand] = []  # what each worker believes to hold
        self.counts["examples"] += 1

    @initialize(scene=st.sampled_from(SCENES), length=st.integers(1, 7))
    def begin(self, scene: list[tuple[Any, ...]], length: int) -> None:
        self.play(scene[:length])

    def play(self, scene: list[tuple[Any, ...]]) -> None:
        for event in scene:
            self._happen(event)
            self.the_rows_are_those_of_the_reference()
            self.the_messages_are_those_of_the_reference()

    @rule(
        event=st.one_of(
            *(st.tuples(st.just("worker"), RECENT, act) for act in [*ACTS, *ACTS[:2]]),
            *(st.tuples(st.just("message"), how) for how in [st.just(("deliver",)), SLICE]),
            *(st.tuples(st.just("else"), what) for what in [REQUEST, REQUEST, *ELSE]),
        )
    )
    def something_happens(self, event: tuple[Any, ...]) -> None:
        """One rule, so that each example knows everything: a machine without requests or workers would prove little."""
        self._happen(event)

    def _happen(self, event: tuple[Any, ...]) -> None:
        who, *which, (name, *arguments) = event
        self._tick()
        if self.model.active is None and name != "request":
            self.request("small", (Trigger.CLOCK, Queue.SCHEDULED), rolled_back=False)
        if who == "worker":
            if not which[0] and not self._held():
                self.deliver(self.ids[-1], self.model.jobs[-1])
            if not self.hands:
                return
            arguments = [*self._hand(which[0]), *arguments]
        elif who == "message":
            arguments = [*(self._take() if self._queue() else (self.ids[-1], self.model.jobs[-1])), *arguments]
        getattr(self, name)(*arguments)

    def request(self, mode: str, asker: Asker, rolled_back: bool) -> None:
        if not rolled_back:
            self._request(mode, asker)
            return
        trigger, queue = asker
        asked = Asked("play", self.owner.pk, RESOURCE, "A thing", Scope(mode), trigger, queue=queue)
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            lifecycle.request(asked)
            raise ZeroDivisionError
        self.counts["request rolled back"] += 1

    # --- the doorbell -----------------------------------------------------------------------------------------------

    def claim_and_cancel(self) -> None:
        self.deliver(self.ids[-1], self.model.jobs[-1])
        self.cancel()

    def lose_a_message(self) -> None:
        if self._queue():
            self._take()
            self.counts["message lost"] += 1

    def double_a_message(self) -> None:
        if queue := self._queue():
            self.broker.rpush(queue, self.broker.lindex(queue, -1))
            self.model.messages[queue].insert(0, self.model.messages[queue][0])
            self.counts["message doubled"] += 1

    def the_broker_goes_or_comes_back(self) -> None:
        self.model.broker = not self.model.broker
        dispatch._broken_until = 0.0 if self.model.broker else float("inf")
        self.counts["broker back" if self.model.broker else "broker away"] += 1

    def sweep(self) -> None:
        rung = self.model.sweep()
        self._same("swept", maintenance.sweep(), rung)
        self.counts["swept by force"] += self.model.jobs[-1].events[-1] == "cancelled_by_force"

    def wake(self) -> None:
        self._same("woken", maintenance.wake(), self.model.wake())

    # --- workers ----------------------------------------------------------------------------------------------------

    def deliver(self, pk: int, job: Job) -> None:
        """A worker takes the job; what it does next, it does under another rule, or never."""
        held, token = lifecycle.claim(pk, "worker"), self.model.claim(job)
        self._same("rescue" if job.crashes else "claim", held is not None, token is not None)
        if held is None or token is None:
            return
        self.hands.append((job, held, token))
        if job.crashes >= MOST_CRASHES:
            lifecycle.fail(held, "POISON")
            self.counts[f"poisoned: {self.model.fail(job, token, 'POISON')}"] += 1

    def deliver_and_run(self, pk: int, job: Job, percentage: float, meanwhile: Any, end: str) -> None:
        """A whole slice by the runner."""
        token = self.model.claim(job)
        self.stage.runs = [
            lambda context: self._play(context, job, token or 0, percentage, meanwhile, end),
            lambda context: self._play(context, job, token or 0, percentage, None, "return"),
        ]
        if job.crashes >= MOST_CRASHES and token is not None:
            self.model.fail(job, token, "POISON")
        after = runner.run(pk, "worker")
        self._same("slice" if token is None else f"slice, {job.error or end}", after is not None, token is not None)

    def _play(self, context: Context, job: Job, token: int, percentage: float, meanwhile: Any, end: str) -> None:
        with context.page() as report:
            report.percentage = percentage
        self.model.page(job, token, percentage)
        if meanwhile == "cancel":
            self.cancel()
        elif meanwhile is not None:
            self._request(*meanwhile)
        if end == "interrupt":
            phase = "waiting_for_quota"
            self.model.release(job, token, WAITS[phase], phase, failed=False)
            raise Interrupted(wait=WAITS[phase], phase=phase, code=phase)
        if end == "fail":
            self.model.fail(job, token, "reconnect_needed")
            raise JobFailed("reconnect_needed")
        self.model.finish(job, token)

    def page(self, job: Job, held: SyncJob, token: int, percentage: float, ticks: int, rolled_back: bool) -> None:
        """Some are slower than their lease, some break off."""
        if rolled_back:
            self._break_off(job, held, token)
            return
        expected = self.model.page(job, token, percentage, ticks * TICK)

        def write() -> str:
            with Context(held).page() as report:
                self._turn()
                report.percentage = percentage
            return "written"

        self._same("page" if ticks < 5 else "slow page", self._hearing(held, write), expected)

    def release(self, job: Job, held: SyncJob, token: int, phase: str, long: bool) -> None:
        failed = phase == "backing_off"
        if failed and job.attempts + 1 >= MOST_ATTEMPTS:
            return
        wait = LONG_WAIT if long and WAITS[phase] else WAITS[phase]
        give_back = partial(
            lifecycle.release, held, wait=timedelta(seconds=wait), phase=phase, code=phase, failed_attempt=failed
        )
        said = self._hearing(held, lambda: give_back() or "released")
        self._same("release", said, self.model.release(job, token, wait, phase, failed))

    def finish(self, job: Job, held: SyncJob, token: int, badly: bool) -> None:
        """As the runner does for a kind that has news; the slices that the runner plays here are of a kind that has none."""

        def end() -> str:
            if lifecycle.succeed(held, heard=held.nudged_at, news=Scope("small")):
                return "succeeded"
            held.nudged_at = lifecycle.begin_further(held, Scope("small")).nudged_at
            return "went on"

        if badly:
            said = self._hearing(held, lambda: lifecycle.fail(held, "reconnect_needed") or "failed")
            self._same("fail", said, self.model.fail(job, token, "reconnect_needed"))
        else:
            self._same("finish", self._hearing(held, end), self.model.finish(job, token, "small"))

    def time_passes(self, ticks: int) -> None:
        self.model.now += ticks * TICK

    # --- what must hold ---------------------------------------------------------------------------------------------

    @invariant()
    def the_rows_are_those_of_the_reference(self) -> None:
        rows = list(SyncJob.objects.order_by("pk"))
        assert len(rows) == len(self.model.jobs)
        self.ids = [row.pk for row in rows]
        events: dict[int, list[str]] = {pk: [] for pk in self.ids}
        for pk, code in SyncJobEvent.objects.order_by("pk").values_list("job_id", "code"):
            events[pk].append(code)
        for row, job in zip(rows, self.model.jobs, strict=True):
            self._compare(row, job)
            assert events[row.pk] == job.events
        self.counts["comparisons"] += len(rows)

    @invariant()
    def the_messages_are_those_of_the_reference(self) -> None:
        for queue, expected in self.model.messages.items():
            assert self.broker.llen(queue) == len(expected)

    def _compare(self, row: SyncJob, job: Job) -> None:
        seen = {name: getattr(row, name) for name in EQUAL} | {
            "further": row.further and row.further["mode"],
            "rings": row.dispatch_count,
            "error": row.error_code,
        }
        assert seen == {name: getattr(job, name) for name in seen}
        for moment, expected in (
            (row.not_before, job.not_before),
            (row.heartbeat_at, job.heartbeat),
            (row.dispatched_at, job.dispatched),
            (row.lease_until, job.lease_until),
            (row.cancel_requested_at, job.cancel_at),
            (row.nudged_at, job.nudged),
        ):
            assert (moment is None) == (expected is None)
            if moment is not None and expected is not None:
                assert abs(moment - self.epoch - timedelta(seconds=expected)) < TOLERANCE
        holder = next((held.lease_token for _, held, token in self.hands if token == job.token), None)
        assert row.lease_token == holder

    def teardown(self) -> None:
        """Quiet at last: whatever was accepted becomes final, by the ordinary ways."""
        dispatch._broken_until = 0.0
        self.stage.runs = []
        for _ in range(8):
            self.model.now += 300 * TICK
            self._turn()
            maintenance.sweep()
            maintenance.wake()
            for queue in Queue.values:
                while message := self.broker.rpop(queue):
                    runner.run(_job_of(message), "quiet worker")
        assert not SyncJob.objects.active().exists()
        self.counts.update(f"ended {state}" for state in SyncJob.objects.values_list("state", flat=True))

    # --- both at once -----------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        self.counts["steps"] += 1
        self.model.now += TICK
        self._turn()

    def _turn(self) -> None:
        now = self.epoch + timedelta(seconds=self.model.now)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('sync.clock_offset', (%s::timestamptz - clock_timestamp())::text, false)", [now]
            )

    def _request(self, mode: str, asker: Asker) -> None:
        trigger, queue = asker
        before = len(self.model.jobs)
        answer = request(
            self.owner, mode, trigger=trigger, queue=queue, again=trigger is Trigger.PUSH, resource=RESOURCE
        )
        verdict = self.model.request(mode, str(queue), trigger is Trigger.PUSH)
        self._same(f"request {verdict}", answer.created, len(self.model.jobs) > before)
        self.ids = [*self.ids, answer.job.pk] if answer.created else self.ids

    def cancel(self) -> None:
        row = SyncJob.objects.get(pk=self.ids[-1])
        try:
            said = "cancelled" if lifecycle.cancel(row, by="anna").state == State.CANCELLED else "asked to end"
        except AlreadyFinished:
            said = "too late"
        self._same("cancel", said, self.model.cancel(self.model.jobs[-1]))

    def _queue(self) -> str:
        return next((queue for queue, messages in self.model.messages.items() if messages), "")

    def _take(self) -> tuple[int, Job]:
        queue = self._queue()
        pk, job = _job_of(self.broker.rpop(queue)), self.model.messages[queue].pop(0)
        assert pk == self.ids[self.model.jobs.index(job)]
        return pk, job

    def _hand(self, which: int) -> Hand:
        """The holder's, if there is one, or one of those who held it lately."""
        return self._held()[0] if self._held() and not which else self.hands[-1 - which % len(self.hands)]

    def _held(self) -> list[Hand]:
        return [hand for hand in self.hands if self.model.holds(hand[0], hand[2])]

    def _break_off(self, job: Job, held: SyncJob, token: int) -> None:
        with pytest.raises((ZeroDivisionError, LeaseLost, CancelRequested)) as raised, Context(held).page() as report:
            report.percentage = 99
            raise ZeroDivisionError
        writes = self.model.holds(job, token) and job.cancel_at is None
        self._same("page rolled back", raised.type is ZeroDivisionError, writes)

    def _hearing(self, held: SyncJob, act: Callable[[], Any]) -> str:
        """As the runner hears: a lost lease ends it silently, a wish to cancel is granted."""
        try:
            return str(act())
        except LeaseLost:
            return "lost"
        except CancelRequested:
            lifecycle.cancelled(held)
            return "cancelled"

    def _same(self, what: str, said: Any, expected: Any) -> None:
        assert said == expected, f"{what}: {said!r} instead of {expected!r}"
        self.counts[f"{what}: {said}"] += 1


def _job_of(message: Any) -> int:
    return json.loads(base64.b64decode(json.loads(message)["body"]))[0][0]


@pytest.fixture
def broker() -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(configured.REDIS_URL)
    yield client
    client.delete(*Queue.values)
    client.close()


Examine = Callable[..., Counter[str]]
DEFAULT, LONG = 40, 2000

EXPECTED = """
cancel: asked to end; claim: True; claim: False; ended CANCELLED; ended FAILED; ended SUCCEEDED; fail: lost; finish: cancelled;
finish: lost; finish: succeeded; finish: went on; swept by force; message doubled; message lost; page: lost;
page: written; page rolled back: True; poisoned: failed; release: lost; release: released; request adopted: False;
request created: True; request further: False; request replaced: True; request rolled back; request superseded: True;
request widened: False; rescue: True; slice, interrupt: True; slice, reconnect_needed: True; slice, return: True; slice: False;
slow page: written; swept: 0; swept: 1; woken: 0; woken: 1; broker away; broker back
""".replace("\n", " ").split(";")


@pytest.fixture
def examine(owner: User, stage: Stage, broker: redis.Redis) -> Examine:
    """examine(examples) runs the machine that often, forty steps each, and counts what happened."""
    progress._broken_until = float("inf")  # nobody watches

    def run(examples: int, phases: tuple[Phase, ...] = (Phase.generate, Phase.shrink)) -> Counter[str]:
        counts: Counter[str] = Counter()
        for scene in SCENES:
            machine = Machine(owner, stage, broker, counts)
            machine.play(scene)
            machine.teardown()
        run_state_machine_as_test(
            partial(Machine, owner, stage, broker, counts),
            settings=settings(
                max_examples=examples,
                stateful_step_count=40,
                derandomize=True,
                database=None,
                deadline=None,
                phases=phases,
                suppress_health_check=list(HealthCheck),
            ),
        )
        return counts

    return run


def table(counts: Counter[str]) -> str:
    return "\n".join(f"{what}: {times}" for what, times in sorted(counts.items()))


@pytest.mark.timeout(900)  # for a machine that is busy; half a minute on an idle one
def test_whatever_happens_the_job_is_what_the_reference_says(examine: Examine, record_property: Any) -> None:
    counts = examine(DEFAULT)
    record_property("summary", table(counts))
    assert not [what for what in EXPECTED if not counts[what.strip()]]


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_whatever_happens_two_thousand_times(examine: Examine, record_property: Any) -> None:
    record_property("summary", table(examine(LONG)))


@pytest.mark.parametrize(
    ("question", "wrongly"),
    [
        ("held_by", lambda jobs, job: jobs.filter(pk=job.pk, state=State.RUNNING)),
        ("due", lambda jobs: jobs.active().unleased()),
        ("unleased", lambda jobs: jobs.filter(lease_token=None)),
        ("unanswered", lambda jobs: jobs.none()),
    ],
)
def test_a_question_answered_wrongly_is_found(
    examine: Examine, monkeypatch: pytest.MonkeyPatch, question: str, wrongly: Callable[..., SyncJobQuerySet]
) -> None:
    monkeypatch.setattr(SyncJobQuerySet, question, wrongly)
    with pytest.raises((AssertionError, DatabaseError)):  # where it does not refuse by itself
        examine(DEFAULT, phases=(Phase.generate,))
