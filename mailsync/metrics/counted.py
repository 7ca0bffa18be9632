"""Turn what the processes counted into families of metrics."""

import time
from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from mailsync import push_counts
from mailsync.metrics.catalogue import COUNTED, FORGERIES, LEVELS, PREFIX, Counted
from syncjobs import meters
from syncjobs.meters import SECONDS, Key


def families() -> Iterator[Metric]:
    """All of them, also those of which nothing happened yet. Raises redis.RedisError."""
    meters.meters.tell()
    counts, levels = meters.read(), meters.read_levels(time.time())
    for name, counted in COUNTED.items():
        yield _histogram(name, counted, counts) if counted.timed else _counter(name, counted, counts)
    for name, text in LEVELS.items():
        yield GaugeMetricFamily(PREFIX + name, text, value=levels.get(name, 0))
    yield _pushes()


def _counter(name: str, counted: Counted, counts: dict[Key, float]) -> Metric:
    family = CounterMetricFamily(PREFIX + name, counted.help, labels=counted.labels)
    found = {key[1]: amount for key, amount in counts.items() if key[0] == name}
    shown = dict.fromkeys(counted.always, 0.0)
    for labels, amount in found.items():
        known = dict(labels)
        shown[tuple(known.get(each, "") for each in counted.labels)] = amount
    for values, amount in shown.items():
        family.add_metric(values, amount)
    if not counted.labels and not found:
        family.add_metric([], 0)
    return family


def _histogram(name: str, counted: Counted, counts: dict[Key, float]) -> Metric:
    total, buckets = 0.0, []
    for bound in (*map(str, SECONDS), "+Inf"):
        total += counts.get((f"{name}_bucket", (("le", bound),)), 0)
        buckets.append((bound, total))
    spent = counts.get((f"{name}_sum", ()), 0)
    return HistogramMetricFamily(PREFIX + name, counted.help, buckets=buckets, sum_value=spent)


def _pushes() -> Metric:
    family = CounterMetricFamily(
        PREFIX + "pushes", "Calls of the push address, by what became of them.", labels=["result"]
    )
    known = dict.fromkeys((push_counts.ACCEPTED, *(push_counts.FORGED + why for why in FORGERIES)), 0)
    for name, count in (known | push_counts.read()).items():
        result, _, why = name.partition(":")
        family.add_metric([f"{result}_{why}" if why else result], count)
    return family
