"""Two hundred mailboxes at full speed under one project's quota: five minutes of the real scripts in Redis, their clock turned."""

import redis

from tests.benchmarks.scale.measured import Measured
from tests.benchmarks.stage import stage
from tests.benchmarks.targets import Row, figure
from tests.gmail.spends import fullest_minute
from tests.gmail.turned import Client, bucket, clock_of, play

MAILBOXES, SECONDS = 200, 300
PROJECTS = {1_200_000: "as much as Gmail gives", 300_000: "a quarter of it"}


def rows() -> Measured:
    """For each quota: what is left unused, how far from equal, the fullest minute."""
    with stage(1) as servers, redis.Redis.from_url(servers.environment["REDIS_URL"], socket_timeout=5) as shared:
        return Measured([row for limit in PROJECTS for row in _of(shared, limit)])


def _of(shared: redis.Redis, limit: int) -> list[Row]:
    shared.flushdb()
    with clock_of(shared) as turn:
        clients = [Client(bucket(shared, f"m{n}", project_limit=limit), begins=n / 40) for n in range(MAILBOXES)]
        play(turn, clients, SECONDS)
    shares = [client.spent(60) for client in clients]
    used = sum(shares) / (limit * (SECONDS - 60) / 60)
    fullest = fullest_minute([spend for client in clients for spend in client.spends]) / limit
    name = f"{MAILBOXES} mailboxes, a project of {limit:,} units a minute ({PROJECTS[limit]})"
    return [
        figure(f"{name}: left unused, %", 100 * (1 - used), 5),
        figure("  1 less Jain's fairness, %", 100 * (1 - jain(shares)), 2),
        figure("  the fullest minute, % of the limit", 100 * fullest, 99),
    ]


def jain(shares: list[int]) -> float:
    """1 when all shares are equal, 1/n when one has everything."""
    return sum(shares) ** 2 / (len(shares) * sum(share * share for share in shares))
