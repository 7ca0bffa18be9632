"""Trouble, quiet, verdict: what a run of the chaos goes through, and its report."""

import json
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.chaos import checker, ledger
from tests.chaos.crowd import NOBODY, Crowd, Person
from tests.chaos.faults import Injector
from tests.chaos.ledger import Entry
from tests.chaos.world import LEASE, World

GRACE, SWEEP = LEASE * 2 / 3, 5.0
# While workers, brokers and databases are away nobody can notice a cancel: the longest outage that the faults add up to.
OUTAGE = 60.0
QUIET_WITHIN = 240.0
BACKING_OFF = "phase = 'backing_off' AND lease_token IS NULL AND not_before > sync_now()"
TAKEN_OVER = "was taken over; nothing of this slice was kept"
EXPECTED = {200, 202, 409, 429, 503}
# What a job may fail of here. BUG is not among them, nor anything that asks a person for help.
ENDS = {"", "STALE", "POISON", "gmail_unreachable", "database_trouble"}

Span = tuple[float, float]


@dataclass(frozen=True)
class Trial:
    """For how many mailboxes, for how long, how often: in seconds."""

    mailboxes: int
    seconds: float
    often: int  # between two runs by the clock
    presses: Span = (0.3, 2.0)  # between two of one hand
    strikes: Span = (0.5, 2.0)
    deploys: bool = False
    again: str = ""  # how to repeat it


def endure(world: World, seed: int, trial: Trial, tell: Callable[[], dict[str, Any]] = dict) -> str:
    """One run, its report with what `tell` adds in the end; a failure says how to repeat it, and what was broken when."""
    with world.database() as database:
        ledger.install(database)
    injector = Injector(world, seed, trial.strikes)
    if trial.deploys:
        injector.kinds["deploy"] = injector.deploy
    try:
        return json.dumps(_run(world, injector, trial) | tell(), indent=1)
    except BaseException as error:
        again = f"repeat it: {trial.again}"
        error.add_note("\n".join((again, *injector.log, *world.complaints(), world.last_lines(), again)))
        raise


def _run(world: World, injector: Injector, trial: Trial) -> dict[str, Any]:
    emails = [f"user{number}@example.com" for number in range(1, trial.mailboxes + 1)]
    people = [Person(*each) for each in world.people(emails, trial.often)]
    crowd = Crowd(world.address, world.gmail, people, injector.seed, trial.presses)
    began = time.monotonic()
    crowd.start()
    try:
        injector.run(trial.seconds)
    finally:
        crowd.over.set()
        injector.calm()
        broken_for = time.monotonic() - began
        crowd.stop()
    quiet_after = be_quiet(world)
    click_once_more(world, crowd)
    with world.database() as database:
        entries = ledger.read(database)
        ends = database.execute("SELECT trigger, error_code FROM syncjobs_syncjob").fetchall()
    held = world.held([person.account for person in people])
    truth = [world.gmail.truth(email) for email in emails]
    checked = verdict(entries, crowd, held, truth)

    assert {error for _, error in ends} <= ENDS, ends
    assert {status for _, status in crowd.heard} <= EXPECTED | ({NOBODY} if trial.deploys else set()), crowd.heard
    assert world.supervisor.run(lambda: not world.zombies(), timeout=60), world.zombies()
    assert set(injector.struck) == set(injector.kinds)
    return {
        "seed": injector.seed,
        "seconds of faults": round(broken_for),
        "quiet after": round(quiet_after),
        "faults": dict(sorted(injector.struck.items())),
        "faults in all": injector.struck.total(),
        "signals": injector.signals,
        "jobs": Counter(checker.last_states(entries).values()),
        "errors": Counter(error for _, error in ends if error),
        "triggers": Counter(trigger for trigger, _ in ends),
        "zombies that awoke when another had the job": injector.zombies,
        "slices that found their lease gone": world.count(TAKEN_OVER),
        "claims": sum(bool(entry.claimed) for entry in entries),
        "answers": {f"{plan} {status}": count for (plan, status), count in sorted(crowd.heard.items())},
        "changes of mail": crowd.changes,
        "invariants checked": checked,
        "exceptions said": world.complaints(),
    }


def be_quiet(world: World) -> float:
    """Wait until nobody works any more, with nobody clicking; the seconds that took.

    Who failed several times waits up to half an hour before the next attempt: that is left to the next click, which ends it.
    """
    began = time.monotonic()
    assert world.supervisor.run(lambda: silenced(world), timeout=60)
    assert world.supervisor.run(world.is_ready, timeout=120)
    assert world.supervisor.run(lambda: not active(world, BACKING_OFF), timeout=QUIET_WITHIN), still_active(world)
    return time.monotonic() - began


def silenced(world: World) -> bool:
    """Whether the clock could be told to rest: the database may have just begun anew."""
    try:
        world.silence_the_clock()
    except psycopg.OperationalError:
        return False
    return True


def active(world: World, but: str = "false") -> bool:
    """Whether any job is not final, `but` those."""
    query = f"SELECT EXISTS (SELECT FROM syncjobs_syncjob WHERE state IN ('CREATED', 'RUNNING') AND NOT ({but}))"
    with world.database() as database:
        return database.execute(query).fetchone() == (True,)


def still_active(world: World) -> str:
    """The jobs that are not final, each as its row and its log tell it."""
    query = """
        SELECT to_jsonb(job) - 'traceback', sync_now(), array_agg(event.at || ' ' || event.code ORDER BY event.id)
        FROM syncjobs_syncjob job LEFT JOIN syncjobs_syncjobevent event ON event.job_id = job.id
        WHERE job.state IN ('CREATED', 'RUNNING') GROUP BY job.id
    """
    with world.database() as database:
        return "\n".join(map(str, database.execute(query).fetchall()))


def click_once_more(world: World, crowd: Crowd) -> None:
    """One more sync for everybody, in the quiet: each succeeds."""
    with ThreadPoolExecutor(1) as pool:
        clicks = pool.submit(lambda: [crowd.ask(person, "POST", "/api/sync/smart") for person in crowd.people])
        assert world.supervisor.run(clicks.done, timeout=60)
        answers = clicks.result()
    assert {answer.status_code for answer in answers} <= {200, 202}
    crowd.accepted |= (tasks := {answer.json()["task_id"] for answer in answers})
    assert world.supervisor.run(lambda: not active(world), timeout=QUIET_WITHIN), still_active(world)
    with world.database() as database:
        query = "SELECT state, error_code FROM syncjobs_syncjob WHERE task_id = ANY(%s)"
        assert set(database.execute(query, [sorted(tasks)]).fetchall()) == {("SUCCEEDED", "")}


def verdict(
    entries: list[Entry], crowd: Crowd, held: list[dict[str, Any]], truth: list[dict[str, Any]]
) -> dict[str, Any]:
    """How often each invariant was looked at."""
    cancels, longest = checker.cancels_end(entries, within=GRACE + SWEEP + OUTAGE)
    return {
        "versions of jobs, one active per mailbox": checker.at_most_one_active(entries),
        "writes by the holder of the lease": checker.written_by_holders(entries),
        "rising progress": checker.progress_rises(entries),
        "accepted starts that are final": checker.accepted_end(entries, crowd.accepted),
        "cancels that ended": cancels,
        "longest cancel, seconds": round(longest, 1),
        "answers without a 500": checker.no_server_errors(crowd.heard),
        "messages equal to Gmail's": checker.mirrors_equal(held, truth),
    }
