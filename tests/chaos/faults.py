"""Break something every now and then, in an order that the seed fixes, and write down when."""

import signal
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

import psutil
import psycopg
import redis
from celery import Celery
from kombu.exceptions import KombuError

from tests.chaos.proxy import Weather
from tests.chaos.world import World

DUPLICATES = 5
FREEZES = ("freeze worker", "freeze children")  # oftener than the rest: a zombie is what the lease is for
LONGEST_FREEZE = 30.0  # seconds
ENOUGH_ZOMBIES, ZOMBIES_WITHIN = 2, 240.0
LONGER = 240.0  # seconds beyond its time that a run goes on until each kind has struck
TICK = 0.3

# Whoever has most of a job still before it: the other shall be at it when the zombie awakes.
HELD_NOW = """SELECT id, lease_token, worker FROM syncjobs_syncjob
              WHERE lease_until > now() AND worker <> 'web' ORDER BY percentage, id DESC"""
WEATHERS: tuple[Weather, ...] = ("stall", "blackhole", "truncate", "trickle")
PASSING = {"times": 4, "probability": 0.5}

# What Gmail may answer, each for a few calls. The 403 names no time, and then a minute is waited: once is enough.
REFUSALS: dict[str, dict[str, Any]] = {
    "gmail 429": {"fault": "retry_after", "seconds": 3, "times": 4},
    "gmail 403 by reason": {"fault": "user_rate_limit", "times": 1},
    "gmail 500": {"fault": "500", **PASSING},
    "gmail 503": {"fault": "503", **PASSING},
    "gmail reset": {"fault": "reset", **PASSING},
    "gmail truncated": {"fault": "truncate", **PASSING},
    "gmail slow": {"fault": "slow", "seconds": 4, "times": 3},
    "gmail hang": {"fault": "hang", "times": 2},
    "gmail missing part": {"fault": "missing_part", **PASSING},
    "gmail history 404": {"fault": "history404", "times": 2},
}

Strike = Callable[[], str | None]


@dataclass
class Injector:
    """Strikes from the main thread, where the world lives: each kind once in a while, none twice before all have struck."""

    world: World
    seed: int
    pause: tuple[float, float] = (0.5, 2.0)  # seconds between two strikes
    log: list[str] = field(default_factory=list)
    struck: Counter[str] = field(default_factory=Counter)
    signals: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)
        self.began = time.monotonic()
        self.later: list[tuple[float, Callable[[], None]]] = []
        self.frozen: list[tuple[int, Any, float, list[psutil.Process]]] = []  # job, token, latest end, who
        self.zombies = 0  # that awoke when another had the job
        self.celery = Celery("chaos", broker=self.world.redis_url, set_as_current=False)
        self.celery.conf.broker_transport_options = {"socket_timeout": 2, "socket_connect_timeout": 2}
        self.kinds = self._kinds()
        self.deck: deque[str] = deque()

    def _kinds(self) -> dict[str, Strike]:
        kinds: dict[str, Strike] = {
            "kill worker": partial(self._signal_main, signal.SIGKILL, " worker "),
            "kill child": partial(self._signal_child, signal.SIGKILL),
            "terminate worker": partial(self._signal_main, signal.SIGTERM, " worker "),
            "kill beat": partial(self._signal_main, signal.SIGKILL, " beat "),
            "freeze worker": partial(self._freeze, main=True),
            "freeze children": partial(self._freeze, main=False),
            "redis killed": partial(self._kill_server, "valkey", signal.SIGKILL),
            "redis flushed": partial(self._redis, "FLUSHALL"),
            "redis clients killed": partial(self._redis, "CLIENT KILL TYPE normal"),
            "postgres stopped immediately": partial(self._kill_server, "postgres", signal.SIGQUIT),
            "postgres backends terminated": self._terminate_backends,
            "duplicates": self._duplicate,
            "mail vanishes": self._vanish,
        }
        kinds |= {name: partial(self._gmail, rule) for name, rule in REFUSALS.items()}
        for target in self.world.proxies:
            kinds[f"{target} reset"] = partial(self._reset, target)
            kinds |= {f"{target} {weather}": partial(self._weather, target, weather) for weather in WEATHERS}
        return kinds

    def run(self, seconds: float) -> None:
        """For so long, and until each kind has struck."""
        until = time.monotonic() + seconds
        while time.monotonic() < until or len(self.struck) < len(self.kinds):
            assert time.monotonic() < until + seconds + LONGER, (
                f"never struck: {self.kinds.keys() - self.struck.keys()}"
            )
            self._pass(self.dice.uniform(*self.pause))
            self._strike()
        self._raise_zombies()

    def _raise_zombies(self) -> None:
        """Freeze on until some awoke that another had replaced, while nothing else breaks: they can try to write."""
        until = time.monotonic() + ZOMBIES_WITHIN
        while self.zombies < ENOUGH_ZOMBIES or self.frozen:
            assert time.monotonic() < until, f"{self.zombies} zombies only"
            self._pass(1.0)
            if not self.frozen and self.zombies < ENOUGH_ZOMBIES:
                self._try(self.dice.choice(FREEZES))

    def calm(self) -> None:
        """End all trouble."""
        for _, end in self.later:
            end()
        self.later.clear()
        for *_, victims in self.frozen:
            thaw(victims)
        self.frozen.clear()
        for proxy in self.world.proxies.values():
            proxy.change("clear")
        self.world.gmail.control("faults", rules=[])
        self._note("calm")

    def _pass(self, seconds: float) -> None:
        """Let time pass, ending on the way what was to last a while."""
        until = time.monotonic() + seconds
        while (now := time.monotonic()) < until:
            for each in [each for each in self.later if each[0] <= now]:
                self.later.remove(each)
                each[1]()
            self._thaw()
            next_end = min([until, now + TICK, *(when for when, _ in self.later)])
            self.world.live(max(next_end - time.monotonic(), 0.01))

    def _strike(self) -> None:
        """The next kind that finds something to break."""
        for _ in range(len(self.kinds)):
            if not self.deck:
                kinds = [*self.kinds, *FREEZES]
                self.dice.shuffle(kinds)
                self.deck.extend(kinds)
            if self._try(self.deck.popleft()):
                return

    def _try(self, kind: str) -> bool:
        if self.frozen and kind.startswith("postgres"):
            self.deck.append(kind)  # a zombie that lost its connection could not even try to write
            return False
        try:
            detail = self.kinds[kind]()
        except (psutil.NoSuchProcess, psycopg.OperationalError, redis.RedisError, KombuError, OSError):
            detail = None  # what it needs is broken already: it comes again
        if detail is None:
            self.deck.append(kind)
            return False
        self.struck[kind] += 1
        self._note(f"{kind}: {detail}")
        return True

    def _note(self, what: str) -> None:
        self.log.append(f"{time.strftime('%H:%M:%S')} {time.monotonic() - self.began:6.1f} {what}")

    def _after(self, seconds: float, end: Callable[[], None]) -> None:
        self.later.append((time.monotonic() + seconds, end))

    def _signal_main(self, number: signal.Signals, *words: str) -> str | None:
        victims = self.world.processes("celery", *words)
        if not victims:
            return None
        victim = self.dice.choice(victims)
        name = name_of(victim)
        victim.send_signal(number)
        self.signals[number.name] += 1
        return name

    def deploy(self) -> str:
        """Ask everybody but the servers to end, as a new version would; the supervisor starts them anew."""
        victims = self.world.processes(" config")
        for victim in victims:
            with suppress(psutil.NoSuchProcess):
                victim.send_signal(signal.SIGTERM)
                self.signals["SIGTERM"] += 1
        return f"{len(victims)} processes"

    def _workers(self) -> list[psutil.Process]:
        """The workers that have a pool."""
        return self.world.processes("celery", " worker ", " -c ")

    def _child(self) -> psutil.Process | None:
        children = [child for main in self._workers() for child in main.children()]
        return self.dice.choice(children) if children else None

    def _signal_child(self, number: signal.Signals) -> str | None:
        child = self._child()
        if child is None:
            return None
        child.send_signal(number)
        self.signals[number.name] += 1
        return str(child.pid)

    def _freeze(self, *, main: bool) -> str | None:
        """SIGSTOP whoever holds a lease, for longer than that: until somebody else has the job, or nearly so."""
        with self.world.database() as database:
            held = database.execute(HELD_NOW).fetchall()
        if not held or self.frozen:
            return None
        job, token, name = held[0]
        worker = next((each for each in self._workers() if name_of(each).split("@")[0] == name.split("@")[0]), None)
        if worker is None:
            return None
        victims = [*([worker] if main else []), *worker.children()]
        for each in victims:
            each.suspend()
            self.signals["SIGSTOP"] += 1
        self.frozen.append((job, token, time.monotonic() + LONGEST_FREEZE, victims))
        return f"{name} {[each.pid for each in victims]}, which holds job {job}"

    def _thaw(self) -> None:
        """Wake the zombies whose job is another's by now."""
        for each in list(self.frozen):
            job, token, latest, victims = each
            query = "SELECT lease_token FROM syncjobs_syncjob WHERE id = %s AND lease_token IS DISTINCT FROM %s"
            with suppress(psycopg.OperationalError), self.world.database() as database:
                lost = database.execute(query, [job, token]).fetchone()
                if lost or time.monotonic() > latest:
                    self.frozen.remove(each)
                    thaw(victims)
                    self.zombies += bool(lost and lost[0])
                    self._note(f"thawed {[victim.pid for victim in victims]}; job {job} is held by {lost}")

    def _kill_server(self, name: str, number: signal.Signals) -> str | None:
        process = self.world.servers[name].process
        if process is None or process.poll() is not None:
            return None
        process.send_signal(number)
        self.signals[number.name] += 1
        return str(process.pid)

    def _redis(self, command: str) -> str | None:
        with redis.Redis.from_url(self.world.redis_url, socket_timeout=2, retry=None) as client:
            return str(client.execute_command(*command.split()))

    def _terminate_backends(self) -> str | None:
        with self.world.database() as database:
            query = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'mailsync%' ORDER BY pid"
            pids = [row[0] for row in database.execute(query) if self.dice.random() < 0.6]
            for pid in pids:
                database.execute("SELECT pg_terminate_backend(%s)", [pid])
        return f"{len(pids)} backends" if pids else None

    def _duplicate(self) -> str | None:
        with self.world.database() as database:
            query = "SELECT id, queue FROM syncjobs_syncjob WHERE state IN ('CREATED', 'RUNNING') ORDER BY id"
            jobs = database.execute(query).fetchall()
        if not jobs:
            return None
        job, queue = self.dice.choice(jobs)
        with self.celery.connection_for_write() as connection:
            for _ in range(DUPLICATES):
                self.celery.send_task("syncjobs.run", [job], queue=queue, connection=connection, retry=False)
        return f"job {job} {DUPLICATES} times"

    def _vanish(self) -> str | None:
        """Delete at Gmail what a running pass has listed and not fetched yet."""
        query = """SELECT email, array_agg(gmail_id) FROM mailsync_listed l JOIN mailsync_account a ON a.id = account_id
                   WHERE wanted GROUP BY email ORDER BY email"""
        with self.world.database() as database:
            listed = database.execute(query).fetchall()
        if not listed:
            return None
        email, ids = self.dice.choice(listed)
        there = sorted(set(ids) & set(self.world.gmail.ids(email)))[:3]
        if not there:
            return None
        with suppress(AssertionError):  # somebody deleted one of them in between
            self.world.gmail.control("delete", email=email, ids=there)
        return f"{there} of {email}"

    def _gmail(self, rule: dict[str, Any]) -> str:
        self.world.gmail.control("faults", rules=[rule])
        return str(rule)

    def _reset(self, target: str) -> str | None:
        count = self.world.proxies[target].reset()
        return f"{count} connections" if count else None

    def _weather(self, target: str, weather: Weather) -> str | None:
        proxy = self.world.proxies[target]
        if proxy.weather != "clear":
            return None
        seconds = self.dice.uniform(1.0, 4.0)
        proxy.change(weather)
        self._after(seconds, partial(proxy.change, "clear"))
        return f"{seconds:.1f} s"


def thaw(frozen: list[psutil.Process]) -> None:
    """Let them go on."""
    for each in frozen:
        with suppress(psutil.NoSuchProcess):
            each.resume()


def name_of(worker: psutil.Process) -> str:
    """The name that it was started under, or its pid."""
    words = worker.cmdline()
    return next((word for word in words if "@" in word), str(worker.pid))
