"""Tell of each exchange with Gmail to whoever listens."""

from collections.abc import Iterator
from contextlib import contextmanager

from gmail.exchange import Exchange
from syncjobs import traces


@contextmanager
def exchange(exchange: Exchange) -> Iterator[None]:
    """A span: method, parts, units, then status."""
    with traces.span(f"gmail {exchange.method}", role="client", parts=exchange.parts, units=exchange.units) as span:
        try:
            yield
        finally:
            span.note(http_status=exchange.status, failed_parts=exchange.failed)
