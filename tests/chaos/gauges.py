"""Look every few seconds at what must stay flat: the memory of each kind of process, connections."""

import threading
from collections import defaultdict
from contextlib import suppress
from statistics import median
from types import TracebackType
from typing import Any, Self

import psutil
import psycopg
import redis

from tests.chaos.world import World

EVERY = 5.0  # seconds
MUCH, LITTLE = 1.25, 20.0  # what has grown by a quarter, and by so many (megabytes, connections), has grown
CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'mailsync%'"


class Gauges:
    """Samples, taken in a thread as long as the block lasts; a process that is away just then is not counted."""

    def __init__(self, world: World) -> None:
        self.samples: defaultdict[str, list[float]] = defaultdict(list)
        self._world, self._over = world, threading.Event()
        self._thread = threading.Thread(target=self._watch, name="gauges", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._over.set()
        self._thread.join(EVERY * 2)

    def thirds(self, name: str) -> tuple[float, float, float]:
        """The medians of the beginning, the middle and the end."""
        found = self.samples[name]
        third = max(len(found) // 3, 1)
        return median(found[:third]), median(found[third : 2 * third] or found), median(found[-third:])

    def grown(self) -> dict[str, tuple[float, float, float]]:
        """What was more at the end than in the middle, by much: the beginning fills what is then kept."""
        thirds = {name: self.thirds(name) for name in self.samples}
        return {name: each for name, each in thirds.items() if each[2] > max(each[1] * MUCH, each[1] + LITTLE)}

    def report(self) -> dict[str, Any]:
        """The medians of each gauge with the highest value, and how often it was read."""
        return {
            "beginning, middle, end; most": {
                name: [*(round(each, 1) for each in self.thirds(name)), round(max(found), 1)]
                for name, found in sorted(self.samples.items())
            },
            "readings": max(map(len, self.samples.values()), default=0),
        }

    def _watch(self) -> None:
        while not self._over.wait(EVERY):
            self._read_memory()
            with suppress(psycopg.OperationalError), self._world.database() as database:
                row = database.execute(CONNECTIONS).fetchone()
                self.samples["connections to Postgres"].append(row[0] if row else 0)
            with (
                suppress(redis.RedisError),
                redis.Redis.from_url(self._world.redis_url, socket_timeout=2, retry=None) as client,
            ):
                told: Any = client.info()
                self.samples["connections to Redis"].append(told["connected_clients"])
                self.samples["MB of Redis"].append(told["used_memory"] / 1e6)

    def _read_memory(self) -> None:
        for process in self._world.working:
            with suppress(psutil.NoSuchProcess, AttributeError):
                main = psutil.Process(process.process.pid)  # type: ignore[union-attr] # or it is away
                family = [main, *main.children()]
                self.samples[f"MB of {process.name}"].append(sum(each.memory_info().rss for each in family) / 1e6)
