"""Send spans to a collector that speaks OTLP over HTTP, in nobody's way whatever it does.

A span that ends is put into a bounded queue (2,048; what does not fit is dropped), which a thread empties. Sampling, sizes and
headers are what OpenTelemetry's own variables say.
"""

import atexit
import os
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from syncjobs import traces
from syncjobs.traces import Fact, Role

FLUSH_SECONDS = 1.0
KINDS = {
    "internal": trace.SpanKind.INTERNAL,
    "server": trace.SpanKind.SERVER,
    "client": trace.SpanKind.CLIENT,
    "consumer": trace.SpanKind.CONSUMER,
}
# What OpenTelemetry has a name for; all else is ours.
NAMES = {
    "http_method": "http.request.method",
    "http_route": "http.route",
    "http_status": "http.response.status_code",
    "failed": "error.type",
}
_CONTEXT = TraceContextTextMapPropagator()


class Told:
    """A span of OpenTelemetry's in our words."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def note(self, **facts: Fact) -> None:
        """Facts become attributes; what `failed` is an error."""
        self._span.set_attributes(_named(facts))
        if "failed" in facts:
            self._span.set_status(trace.StatusCode.ERROR)

    def rename(self, name: str) -> None:
        """What it is called from now on."""
        self._span.update_name(name)


class Telling:
    """The tracer of a process that tells."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("mailsync")

    @contextmanager
    def span(self, name: str, role: Role, parent: str, facts: Mapping[str, Fact]) -> Iterator[Told]:
        """Of an exception its class alone is told: its text may hold anything."""
        with self._tracer.start_as_current_span(
            name,
            context=_CONTEXT.extract({"traceparent": parent}) if parent else None,
            kind=KINDS[role],
            attributes=_named(facts),
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            told = Told(span)
            try:
                yield told
            except BaseException as error:
                told.note(failed=type(error).__name__)
                raise

    def here(self) -> str:
        """As W3C writes it."""
        carrier: dict[str, str] = {}
        _CONTEXT.inject(carrier)
        return carrier.get("traceparent", "")


class _Process:
    """What tells in this process, with a thread that ends it: none can be begun any more when Python says farewell."""

    def __init__(self, exporter: SpanExporter) -> None:
        self.provider = provider(exporter)
        self._wanted, self._over = threading.Event(), threading.Event()
        threading.Thread(target=self._end, name="end of traces", daemon=True).start()
        atexit.register(self.stop)

    def _end(self) -> None:
        self._wanted.wait()
        self.provider.shutdown()
        self._over.set()

    def stop(self) -> None:
        """Waits a second at most, whatever the collector does; again is nothing."""
        self._wanted.set()
        self._over.wait(FLUSH_SECONDS)


_running: _Process | None = None


def provider(exporter: SpanExporter) -> TracerProvider:
    """One that nobody else knows: no global is set, so no library begins to tell of itself."""
    about: dict[str, Any] = {
        "mailsync.role": os.environ.get("MAILSYNC_ROLE", "command"),
        "host.name": socket.gethostname(),
        "process.pid": os.getpid(),
    }
    made = TracerProvider(resource=Resource.create(about), shutdown_on_exit=False)
    made.add_span_processor(BatchSpanProcessor(exporter))
    return made


def start() -> None:
    """Begin to tell of this process; again is nothing."""
    global _running
    if _running is None:
        _running = _Process(OTLPSpanExporter())
        traces.listen(Telling(_running.provider))


def stop() -> None:
    """Send what is left."""
    if _running is not None:
        _running.stop()


def _named(facts: Mapping[str, Fact]) -> dict[str, Fact]:
    return {NAMES.get(name, f"mailsync.{name}"): fact for name, fact in facts.items()}
