"""Let somebody listen to which span of work begins and ends here; nobody does unless `config.tracing` was asked to.

A seam without a library: whoever listens is a `Tracer`. Facts are numbers and words of ours, never anything of a mail.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Literal, Protocol

Fact = str | int | float | bool
Role = Literal["internal", "server", "client", "consumer"]


class Span(Protocol):
    """What is known of work under way."""

    def note(self, **facts: Fact) -> None:
        """Add facts; `failed` names what went wrong."""

    def rename(self, name: str) -> None:
        """What the work is called, where that is known late only."""


class Tracer(Protocol):
    """Whoever listens."""

    def span(self, name: str, role: Role, parent: str, facts: Mapping[str, Fact]) -> AbstractContextManager[Span]:
        """The work within is one span, below `parent` (a W3C traceparent), else below the one that surrounds it."""

    def here(self) -> str:
        """The traceparent of the span under way; "" when there is none."""


class _Unheard:
    """Both at once, for nobody."""

    def note(self, **facts: Fact) -> None:
        """Not heard."""

    def rename(self, name: str) -> None:
        """Not heard."""

    @contextmanager
    def span(self, name: str, role: Role, parent: str, facts: Mapping[str, Fact]) -> Iterator[Span]:
        """Only the work."""
        yield self

    def here(self) -> str:
        """Nowhere."""
        return ""


UNHEARD = _Unheard()
_tracer: Tracer = UNHEARD


def listen(tracer: Tracer) -> None:
    """From now on this process tells `tracer`."""
    global _tracer
    _tracer = tracer


def span(name: str, *, role: Role = "internal", parent: str = "", **facts: Fact) -> AbstractContextManager[Span]:
    """The work within, told to whoever listens; what it raises passes through."""
    return _tracer.span(name, role, parent, facts)


def here() -> str:
    """The traceparent of the work under way, to be kept with what it leaves to others; "" when nobody listens."""
    return _tracer.here()
