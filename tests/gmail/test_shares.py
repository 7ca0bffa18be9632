"""Several clients, one quota: who gets how much of it, minute by minute."""

from collections.abc import Callable, Iterator, Sequence

import pytest
import redis

from gmail.priority import Priority
from tests.gmail.spends import fullest_minute
from tests.gmail.turned import GETS, Client, bucket, clock_of, play

Turn = Callable[[float], None]


@pytest.fixture
def turn(shared: redis.Redis) -> Iterator[Turn]:
    with clock_of(shared) as turn:
        yield turn


def jain(shares: Sequence[float]) -> float:
    """1 when all shares are equal, 1/n when one has everything."""
    return sum(shares) ** 2 / (len(shares) * sum(share * share for share in shares))


def all_spends(clients: Sequence[Client]) -> list[tuple[float, int]]:
    return [spend for client in clients for spend in client.spends]


@pytest.mark.parametrize("late", [0.0, 1.5])
@pytest.mark.parametrize("project", [6000, 20_000, 60_000])
def test_ten_mailboxes_share_one_project_equally(shared: redis.Redis, turn: Turn, project: int, late: float) -> None:
    clients = [Client(bucket(shared, f"m{n}", project_limit=project), begins=n / 5, late=late) for n in range(10)]
    play(turn, clients, 360)
    assert fullest_minute(all_spends(clients)) <= 0.99 * project
    for begin in range(60, 360, 60):
        assert jain([client.spent(begin, begin + 60) for client in clients]) >= 0.98
    assert jain([client.spent() for client in clients]) >= 0.98
    assert sum(client.spent(60, 360) for client in clients) >= 0.96 * 5 * project


def test_mailboxes_of_very_different_size_get_the_same_until_they_have_enough(shared: redis.Redis, turn: Turn) -> None:
    clients = [Client(bucket(shared, f"m{n}", project_limit=12_000), wants=1000 * 1.6**n) for n in range(10)]
    play(turn, clients, 600)
    assert fullest_minute(all_spends(clients)) <= 0.99 * 12_000
    for begin in range(60, 480, 60):
        wanting = [client for client in clients if client.spent(0, begin + 60) < client.wants]
        assert jain([client.spent(begin, begin + 60) for client in wanting]) >= 0.95
        if len(wanting) > 2:  # fewer cannot use all of it: each has a limit of its own
            assert sum(client.spent(begin, begin + 60) for client in clients) >= 0.9 * 12_000


def test_who_wants_little_gets_it_at_once_and_leaves_the_rest_to_others(shared: redis.Redis, turn: Turn) -> None:
    greedy = [Client(bucket(shared, f"m{n}", project_limit=12_000)) for n in range(9)]
    modest = Client(bucket(shared, "little", project_limit=12_000), asks=[2], answer=6.0)
    play(turn, [*greedy, modest], 300)
    assert sum(client.spent(60, 300) for client in greedy) >= 0.96 * 4 * 12_000
    assert sorted(modest.waits)[len(modest.waits) // 2] == 0.0


def test_a_mailbox_that_comes_later_soon_has_its_share(shared: redis.Redis, turn: Turn) -> None:
    first = [Client(bucket(shared, f"m{n}", project_limit=12_000)) for n in range(4)]
    late = Client(bucket(shared, "late", project_limit=12_000), begins=120)
    play(turn, [*first, late], 240)
    assert late.spends[0][0] < 126
    assert jain([client.spent(180, 240) for client in [*first, late]]) >= 0.95


def test_scheduled_passes_leave_part_of_the_project_to_those_in_front_of_a_screen(
    shared: redis.Redis, turn: Turn
) -> None:
    scheduled = [Client(bucket(shared, f"m{n}", project_limit=10_000, priority=Priority.SCHEDULED)) for n in range(3)]
    person = Client(bucket(shared, "person", project_limit=10_000), begins=200)
    play(turn, [*scheduled, person], 320)
    assert fullest_minute(all_spends(scheduled)) <= 0.7 * 9900
    assert person.waits[0] == 0.0
    assert person.spent(200, 260) >= 2900
    assert person.spent(260, 320) >= 0.98 * 5940
    assert fullest_minute(all_spends([*scheduled, person])) <= 9900


class TestABackfill:
    """Spends what nobody else wants."""

    def of(self, shared: redis.Redis, name: str = "m", **options: int) -> Client:
        return Client(bucket(shared, name, priority=Priority.BACKFILL, **options))

    def test_uses_nine_tenths_of_its_mailbox_and_never_bursts(self, shared: redis.Redis, turn: Turn) -> None:
        backfill = self.of(shared)
        play(turn, [backfill], 300)
        assert backfill.spent(0, 10) <= 1500
        assert backfill.spent(60, 300) >= 0.85 * 4 * 6000
        assert fullest_minute(backfill.spends) <= 0.9 * 5940

    def test_leaves_at_any_time_something_to_who_comes_first(self, shared: redis.Redis, turn: Turn) -> None:
        backfill, person = self.of(shared), Client(bucket(shared, "m"), begins=200)
        play(turn, [backfill, person], 320)
        assert person.waits[0] == 0.0
        assert person.spends[0][1] == 500
        assert fullest_minute(all_spends([backfill, person])) <= 5940

    def test_steps_back_while_somebody_works_on_its_mailbox(self, shared: redis.Redis, turn: Turn) -> None:
        backfill, person = self.of(shared), Client(bucket(shared, "m"), begins=100)
        play(turn, [backfill, person], 400)
        assert backfill.spent(160, 400) <= 0.02 * 4 * 6000
        assert person.spent(160, 400) >= 0.95 * 4 * 6000

    def test_steps_back_while_others_want_more_of_the_project(self, shared: redis.Redis, turn: Turn) -> None:
        backfill = self.of(shared, "elsewhere", project_limit=10_000)
        persons = [Client(bucket(shared, f"m{n}", project_limit=10_000), begins=100) for n in range(3)]
        play(turn, [backfill, *persons], 400)
        assert backfill.spent(0, 90) > 0
        assert backfill.spent(160, 400) <= 0.02 * 4 * 10_000

    def test_steps_back_for_a_spend_that_is_booked_even_where_there_is_room(
        self, shared: redis.Redis, turn: Turn
    ) -> None:
        backfill, person = self.of(shared).bucket, bucket(shared, "m")
        turn(0)
        for _ in range(12):
            assert person.reserve(GETS, max_wait=0).wait == 0.0  # the first minute's allowance
        turn(63)
        while not person.reserve(GETS, max_wait=60).wait:  # until one is booked ahead, for the sake of the rhythm
            pass
        grant = backfill.reserve([20], max_wait=60)
        assert grant.units == 0 and grant.wait >= 1

    def test_books_nothing_ahead(self, shared: redis.Redis, turn: Turn) -> None:
        backfill = self.of(shared)
        play(turn, [backfill], 60)
        turn(60)
        refused = [backfill.bucket.reserve(GETS, max_wait=120) for _ in range(3)]
        assert refused[-1].units == 0 and refused[-1].wait >= 1
