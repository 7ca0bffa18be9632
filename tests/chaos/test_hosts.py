"""A host is cut off while it holds jobs, for longer than their leases: another goes on, and what wakes up later changes nothing."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.chaos import checker, ledger
from tests.chaos.crowd import Crowd, Person
from tests.chaos.hosts import Hosts, forbidden
from tests.chaos.trial import TAKEN_OVER, be_quiet, click_once_more
from tests.chaos.world import LEASE

MAILBOXES, MESSAGES, LATENCY = 6, 1_000, 0.4
EVERY = 20  # seconds between two runs by the clock
HELD = """
SELECT id, lease_token FROM syncjobs_syncjob WHERE worker LIKE '%@b' AND lease_token IS NOT NULL AND (stats->>'done')::int > 0
"""
STILL = "SELECT count(*) FROM syncjobs_syncjob WHERE lease_token = ANY(%s)"
RESUMED = "SELECT count(*) FROM proof_ledger WHERE claimed AND at > %s"
NOW = "SELECT clock_timestamp()"
BEATS = "SELECT max(seen_at) > %s + interval '20 seconds' FROM syncjobs_heartbeat WHERE name = 'beat'"


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    """All of them at work."""
    if reason := forbidden():
        pytest.skip(reason)
    with Hosts.running(MESSAGES, MAILBOXES, LATENCY) as made:
        yield made


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_host_that_was_cut_off_writes_nothing_when_it_is_back(
    hosts: Hosts, record_property: Callable[[str, object], None]
) -> None:
    with hosts.database() as database:
        ledger.install(database)
    emails = [f"user{number}@example.com" for number in range(1, MAILBOXES + 1)]
    people = [Person(*each) for each in hosts.people(emails, EVERY)]
    crowd = Crowd(hosts.address, hosts.gmail, people, 1)
    try:
        report = story(hosts, crowd)
    except BaseException as error:
        error.add_note("\n".join((*hosts.complaints(), hosts.last_lines())))
        raise
    record_property("summary", json.dumps(report, indent=1))


def click(hosts: Hosts, crowd: Crowd) -> None:
    """Everybody presses Sync."""
    with ThreadPoolExecutor(1) as pool:
        clicks = pool.submit(lambda: [crowd.ask(person, "POST", "/api/sync/smart") for person in crowd.people])
        assert hosts.supervisor.run(clicks.done, timeout=120)
        answers = clicks.result()
    assert {answer.status_code for answer in answers} <= {200, 202}
    crowd.accepted |= {answer.json()["task_id"] for answer in answers}


def story(hosts: Hosts, crowd: Crowd) -> dict[str, object]:
    """Syncs begin on both hosts, one is lost, one comes back."""
    click(hosts, crowd)
    with hosts.database() as database:
        assert hosts.supervisor.run(lambda: database.execute(HELD).fetchone() is not None, timeout=120, every=0.1)
        held = database.execute(HELD).fetchall()
        hosts.wires["b"].cut()
        tokens = [token for _, token in held]
        for email in (person.email for person in crowd.people):
            hosts.gmail.control("deliver", email=email, count=7)
        hosts.live(3 * LEASE)
        click(
            hosts, crowd
        )  # the only beat is lost, too: until it is back, what is to be rescued is found by who asks for it
        assert hosts.supervisor.run(lambda: database.execute(STILL, [tokens]).fetchone() == (0,), timeout=180)
        taken_over = sum(entry.claimed or False for entry in ledger.read(database))
        (healed,) = database.execute(NOW).fetchone() or (None,)
        hosts.wires["b"].heal()
        assert hosts.supervisor.run(lambda: database.execute(BEATS, [healed]).fetchone() == (True,), timeout=180)
    quiet_after = be_quiet(hosts)
    click_once_more(hosts, crowd)
    with hosts.database() as database:
        entries = ledger.read(database)
    truth = [hosts.gmail.truth(person.email) for person in crowd.people]
    return {
        "jobs that the lost host held": len(held),
        "claims until it was back": taken_over,
        "slices that found their lease gone": hosts.count(TAKEN_OVER),
        "quiet after": round(quiet_after),
        "versions of jobs, one active per mailbox": checker.at_most_one_active(entries),
        "writes by the holder of the lease": checker.written_by_holders(entries),
        "rising progress": checker.progress_rises(entries),
        "accepted starts that are final": checker.accepted_end(entries, crowd.accepted),
        "messages equal to Gmail's": checker.mirrors_equal(
            hosts.held([person.account for person in crowd.people]), truth
        ),
    }
