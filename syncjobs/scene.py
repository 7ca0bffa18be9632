"""Know which job this thread works on, so that every line it logs can say so; knows no Django, which logs before it is there."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_scene: ContextVar[Mapping[str, str | int]] = ContextVar("scene")


@contextmanager
def of(facts: Mapping[str, str | int]) -> Iterator[None]:
    """While this lasts, what is logged is about these."""
    token = _scene.set(facts)
    try:
        yield
    finally:
        _scene.reset(token)


def now() -> Mapping[str, str | int]:
    """`job`, `slice` and facts of the kind; empty outside of any slice."""
    return _scene.get({})
