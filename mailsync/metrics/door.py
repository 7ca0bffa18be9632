"""Answer a scrape, to whom it may be answered."""

import hmac
import ipaddress
import logging
import threading
import time
from collections.abc import Callable, Iterator

import redis
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from mailsync.metrics import counted, tables
from mailsync.metrics.catalogue import PREFIX

log = logging.getLogger(__name__)

FRESH_SECONDS = 2.0  # several scrapers at once cost one reading


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The text that Prometheus reads; 403 for whoever is not meant to."""
    if not may_read(request):
        return HttpResponse("Metrics need METRICS_TOKEN as a bearer token, or a call from this machine.\n", status=403)
    answer = HttpResponse(_reading.text(), content_type=CONTENT_TYPE_PLAIN_0_0_4)
    answer["Cache-Control"] = "no-store"
    return answer


def may_read(request: HttpRequest) -> bool:
    """With the token; where none is set, from this machine itself and not through a proxy on it."""
    if settings.METRICS_TOKEN:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(token.encode(), settings.METRICS_TOKEN.encode())
    if any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP")):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


class Everything(Collector):
    """What can be read; a part that cannot says so instead of failing the scrape that should tell of it."""

    def collect(self) -> Iterator[Metric]:
        """The families of every part that answers, then which do."""
        up = GaugeMetricFamily(PREFIX + "up", "Whether this part could be read for this scrape.", labels=["part"])
        for part, families, trouble in PARTS:
            try:
                found = list(families())
            except trouble as error:
                log.warning("metrics of the %s cannot be read: %s", part, type(error).__name__)
                up.add_metric([part], 0)
                continue
            up.add_metric([part], 1)
            yield from found
        yield up


PARTS: list[tuple[str, Callable[[], Iterator[Metric]], tuple[type[Exception], ...]]] = [
    ("database", tables.families, (DatabaseError,)),
    ("redis", counted.families, (redis.RedisError, OSError)),
]


class _Reading:
    """The last text, as long as it is fresh."""

    def __init__(self) -> None:
        self._lock, self._text, self._at = threading.Lock(), b"", float("-inf")
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(Everything())

    def text(self) -> bytes:
        with self._lock:
            if time.monotonic() - self._at > FRESH_SECONDS:
                self._text, self._at = generate_latest(self._registry), time.monotonic()
            return self._text


_reading = _Reading()
