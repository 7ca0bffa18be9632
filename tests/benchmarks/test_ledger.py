from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection

from syncjobs.clock import SyncNow
from syncjobs.states import State
from tests.benchmarks import ledger, tiny
from tests.benchmarks.ledger import Verdict

pytestmark = pytest.mark.django_db
SOUND = ["page 1", "page 2", "end SUCCEEDED"]
Forge = Callable[..., None]


@pytest.fixture
def forge() -> Forge:
    """forge(number, state, lines): a job that says it is so, a ledger that says what it did."""
    with connection.cursor() as cursor:
        cursor.execute(ledger.TABLES)
    owner = User.objects.create_user("tiny")

    def make(number: int, state: State, lines: list[str]) -> None:
        job = tiny.waiting(owner, tiny.SMALL, number)
        job.state, job.percentage = state, 100 if state is State.SUCCEEDED else 0
        job.finished_at = SyncNow() if state is not State.CREATED else None
        job.save()
        for line in lines:
            tiny.write(job, line)

    return make


@pytest.mark.parametrize(
    ("state", "lines", "expected"),
    [
        (State.SUCCEEDED, SOUND, Verdict(0, 0, 0)),
        (State.CREATED, [], Verdict(0, 0, 1)),
        (State.SUCCEEDED, SOUND[:1] + SOUND[2:], Verdict(1, 0, 0)),
        (State.SUCCEEDED, SOUND[:2], Verdict(1, 0, 0)),
        (State.FAILED, [*SOUND[:2], "end FAILED"], Verdict(1, 0, 0)),
        (State.SUCCEEDED, [*SOUND, "page 2"], Verdict(0, 1, 0)),
        (State.SUCCEEDED, [*SOUND, "end FAILED"], Verdict(0, 1, 0)),
        (State.CREATED, ["page 1", "page 1"], Verdict(0, 1, 1)),
    ],
)
def test_each_kind_of_harm_is_counted(forge: Forge, state: State, lines: list[str], expected: Verdict) -> None:
    forge(1, State.SUCCEEDED, SOUND)
    forge(2, state, lines)
    assert ledger.verdict(connection.connection, 2) == expected
    assert ledger.verdict(connection.connection, 3).lost == expected.lost + 1
