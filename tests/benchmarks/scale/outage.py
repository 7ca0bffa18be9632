"""Play the hour after an outage with a turned clock: the real ticks, jobs, waits and quota; only time and Gmail are made up.

Every worker is a thread; one of them runs at a time, and where it would sleep, virtual time passes for all.
"""

import heapq
import itertools
import json
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any

import redis
from django.conf import settings
from django.db import connection, connections
from django.db.models import Sum

from gmail.calls import Calls
from gmail.prices import PRICES
from gmail.quota import Priority
from gmail.redis_window import SHARES
from gmail.window import SHARE
from mailsync import credentials, schedule
from mailsync.models import Account
from mailsync.sync import session
from syncjobs import context, dispatch, maintenance, registry, runner
from syncjobs.context import Context
from syncjobs.models import SyncJob
from syncjobs.registry import Kind
from syncjobs.states import State
from tests.benchmarks.scale.due import A_TICK, ACCOUNTS, NEW, PROJECT, WORKERS
from tests.gmail.spends import fullest_minute
from tests.gmail.turned import clock_of

TICK, WAKE = 5.0, 1.0  # seconds, as beat has them
HISTORY, LABELS, GET = (PRICES["2026"][name] for name in ("history.list", "labels.list", "messages.get"))
CALL, PART = 0.09, 0.008  # seconds of an answer
LONGEST = 3_600.0  # virtual seconds
OUTAGE = "interval '6 hours'"
# Each account's own time lies in the second half of the hour, so that none is due again while we play.
FILL = f"""
INSERT INTO auth_user (username, password, is_superuser, is_staff, is_active, first_name, last_name, email, date_joined)
SELECT 'user' || n, '', false, false, true, '', '', '', now() FROM generate_series(1, %s) AS n;
INSERT INTO mailsync_account (
    owner_id, email, state, credentials, policy, deleted_policy, interval, next_sync_at, sync_message_code, sync_message_params)
SELECT id, username || '@example.com', 'ok', '', 'readable', 'keep', interval '1 hour',
    now() - {OUTAGE} + (1 + random()) * interval '30 minutes', 'done', '{{}}' FROM auth_user;
INSERT INTO mailsync_checkpoint (account_id, history_id, position, seq) SELECT id, 1, '{{}}', 0 FROM mailsync_account;
"""
# The clock stands while somebody works: else all the time that this machine needs would pass in virtual time, too.
CLOCK = """
CREATE OR REPLACE FUNCTION sync_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT timestamptz '{}' + coalesce(nullif(current_setting('sync.clock_offset', true), ''), '0')::interval $$
"""
Sleeper = tuple[float, int, threading.Event]


@dataclass
class World:
    """Virtual seconds since the outage ended; who sleeps until when; jobs for which somebody rang."""

    now: float = 0.0
    sleepers: list[Sleeper] = field(default_factory=list)
    order: Any = field(default_factory=itertools.count)
    rung: deque[int] = field(default_factory=deque)
    idle: deque[threading.Event] = field(default_factory=deque)
    spends: list[tuple[float, int]] = field(default_factory=list)
    done: Counter[int] = field(default_factory=Counter)
    started: list[float] = field(default_factory=list)
    turn: Callable[[float], None] = lambda second: None
    over: bool = False
    began: float = field(default_factory=time.monotonic)
    woken: threading.Event = field(default_factory=threading.Event)
    failures: list[BaseException] = field(default_factory=list)

    def monotonic(self) -> float:
        """The clock of every worker."""
        return self.began + self.now

    def sleep(self, seconds: float) -> None:
        """Let others run until then."""
        mine = threading.Event()
        heapq.heappush(self.sleepers, (self.now + seconds, next(self.order), mine))
        self._yield(mine)

    def rest(self) -> None:
        """Let others run until somebody rings."""
        mine = threading.Event()
        self.idle.append(mine)
        self._yield(mine)

    def _yield(self, mine: threading.Event) -> None:
        self.woken.set()
        mine.wait()
        if self.over:
            raise SystemExit
        self.tell_database()

    def tell_database(self) -> None:
        """For this connection it is that late."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('sync.clock_offset', %s, false)", [f"{self.now:.3f} seconds"])

    def run(self) -> None:
        """Whoever is to run next runs, alone, until it sleeps; ends when every account is done."""
        while len(self.done) < ACCOUNTS and not self.failures:
            if self.rung and self.idle:
                self._let(self.idle.popleft())
                continue
            at, _, sleeper = heapq.heappop(self.sleepers)
            if at > LONGEST:
                break
            self.now = max(self.now, at)
            self.turn(self.now)
            self._let(sleeper)
        self.over = True
        for event in [*self.idle, *(event for *_, event in self.sleepers)]:
            event.set()

    def _let(self, sleeper: threading.Event) -> None:
        self.woken.clear()
        sleeper.set()
        self.woken.wait()

    def begin(self, work: Callable[[], None]) -> threading.Thread:
        """A thread that runs as soon as it is its turn."""
        mine = threading.Event()
        heapq.heappush(self.sleepers, (self.now, next(self.order), mine))

        def body() -> None:
            mine.wait()
            try:
                self.tell_database()
                work()
            except SystemExit:
                pass
            except BaseException as error:
                self.failures.append(error)
            finally:
                connections.close_all()
                self.woken.set()

        thread = threading.Thread(target=body, daemon=True)
        thread.start()
        return thread


def main(email: str, postmaster: int) -> None:
    """Print what was found."""
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}  # nobody listens
    settings.GMAIL_USER_UNITS_PER_MINUTE, settings.GMAIL_PROJECT_UNITS_PER_MINUTE = 6_000, PROJECT
    with connection.cursor() as cursor:
        cursor.execute(CLOCK.format(datetime.now(UTC).isoformat()))
        cursor.execute(FILL.replace("%s", str(ACCOUNTS)))
        cursor.execute("ANALYZE")
    shared = redis.Redis.from_url(settings.REDIS_URL)
    world = World()
    with clock_of(shared) as turn, _turned(world):
        world.turn = turn
        turn(0)
        world.began = time.monotonic()
        threads = [world.begin(lambda: _every(world, TICK, schedule.tick))]
        threads += [world.begin(lambda: _every(world, WAKE, maintenance.wake))]
        threads += [world.begin(lambda: _work(world)) for _ in range(WORKERS)]
        world.run()
        for thread in threads:
            thread.join(10)
    if world.failures:
        raise world.failures[0]
    print(json.dumps(_found(world)))


def _every(world: World, seconds: float, work: Callable[[], Any]) -> None:
    while True:
        work()
        world.sleep(seconds)


def _work(world: World) -> None:
    """One worker: whatever somebody rings for."""
    while True:
        while not world.rung:
            world.rest()
        job = runner.run(world.rung.popleft(), "a worker")
        if job is not None and job.state == State.SUCCEEDED:
            world.done[job.pk] += 1


def _pass(world: World, job: Context) -> None:
    """What an incremental pass asks of Gmail and of its job: news, new messages, labels."""
    if job.job.slices == 1:
        world.started.append(world.now)
    bucket = credentials.bucket(job.job.facts["email"], priority=Priority.SCHEDULED)
    with session._translated():
        calls = Calls(bucket, PRICES["2026"], session._waiting(job), session.MOST_PATIENCE, clock=world.monotonic)
        _spend(world, calls, [HISTORY])
        left = NEW - job.job.stats.get("done", 0)
        while left:
            job.checkpoint()
            left -= _spend(world, calls, [GET * number for number in range(1, left + 1)]) // GET
            with job.page() as report:
                report.stats = {"done": NEW - left}
        _spend(world, calls, [LABELS])


def _spend(world: World, calls: Calls, choices: list[int]) -> int:
    units = calls.spend(choices)
    world.spends.append((world.now, units))
    world.sleep(CALL + PART * (units // GET))
    return units


@contextmanager
def _turned(world: World) -> Iterator[None]:
    """Workers sleep in virtual time, bells ring in this process, a pass is the one above."""
    clock = SimpleNamespace(monotonic=world.monotonic, sleep=world.sleep)
    kind = Kind(lambda job: _pass(world, job), lambda active, asked: active, lambda *_: None, lambda *_: None)  # type: ignore[arg-type, return-value]
    places: list[tuple[Any, str, Any]] = [
        (context, "time", clock),
        (runner, "time", clock),
        (runner, "Context", partial(Context, clock=world.monotonic)),
        (registry, "kind", lambda name: kind),
        (schedule, "MOST_DUE", A_TICK),
        (dispatch, "_send", lambda job, queue: world.rung.append(job) or True),
    ]
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in places]
    for owner, name, value in places:
        setattr(owner, name, value)
    try:
        yield
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)


def _found(world: World) -> dict[str, float]:
    units = ACCOUNTS * (HISTORY + NEW * GET + LABELS)
    allowed = settings.GMAIL_PROJECT_UNITS_PER_MINUTE * SHARE * SHARES[Priority.SCHEDULED]
    ideal = 60 * units / allowed
    jobs = SyncJob.objects.filter(state=State.SUCCEEDED)
    accounts = jobs.values("resource").distinct().count()
    starts = Counter(int(at // TICK) for at in world.started)
    seconds = Counter(int(at.timestamp()) for at in Account.objects.values_list("next_sync_at", flat=True) if at)
    return {
        "wrong": ACCOUNTS - accounts + SyncJob.objects.count() - accounts,
        "seconds": world.now,
        "ideal": ideal,
        "times": world.now / ideal,
        "fullest": 100 * fullest_minute(world.spends) / settings.GMAIL_PROJECT_UNITS_PER_MINUTE,
        "fullest start": 100 * max(starts.values()) / ACCOUNTS,
        "next": max(seconds.values()),
        "slices": SyncJob.objects.aggregate(Sum("slices"))["slices__sum"] / ACCOUNTS,
        "real": time.monotonic() - world.began,
    }
