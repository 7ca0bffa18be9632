"""A collector of OpenTelemetry's: hears spans over HTTP, or only seems to."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

SERVER, CLIENT, CONSUMER = 2, 3, 5


@dataclass(frozen=True)
class Heard:
    """A span as it came over the wire."""

    name: str
    kind: int
    trace: str
    id: str
    parent: str
    failed: bool
    facts: dict[str, Any]
    process: dict[str, Any]


@dataclass
class Collector:
    """What was heard so far; while it `hangs` it takes requests and answers none."""

    address: str = ""
    spans: list[Heard] = field(default_factory=list)
    asked: threading.Event = field(default_factory=threading.Event)
    goes_on: threading.Event = field(default_factory=threading.Event)

    def hang(self) -> None:
        """From now on."""
        self.asked.clear()
        self.goes_on.clear()

    def of(self, trace: str) -> list[Heard]:
        """The spans of one trace."""
        return [span for span in list(self.spans) if span.trace == trace]


@contextmanager
def collecting() -> Iterator[Collector]:
    """It listens on a port of its own."""
    collector = Collector()
    collector.goes_on.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.asked.set()
            collector.goes_on.wait(60)
            if self.path == "/v1/traces":
                collector.spans += _read(body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A process that does not wait for its answer is no error."""

    server = Server(("127.0.0.1", 0), Handler)
    collector.address = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield collector
    finally:
        collector.goes_on.set()
        server.shutdown()
        server.server_close()


def _read(body: bytes) -> list[Heard]:
    request = ExportTraceServiceRequest()
    request.ParseFromString(body)
    return [
        Heard(
            span.name,
            span.kind,
            span.trace_id.hex(),
            span.span_id.hex(),
            span.parent_span_id.hex(),
            span.status.code == 2,
            _facts(span.attributes),
            _facts(resource.resource.attributes),
        )
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def _facts(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}
