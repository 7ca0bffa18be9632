"""Run coroutines for synchronous code, on one event loop in a thread of its own.

A loop for each call would cost two milliseconds and, each time, a new connection to Redis.
"""

import asyncio
import os
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


def run(coroutine: Coroutine[Any, Any, T], *, seconds: float) -> T:
    """What it returns; raises what it raises, or TimeoutError."""
    future = asyncio.run_coroutine_threadsafe(coroutine, _running())
    try:
        return future.result(seconds)
    except TimeoutError:
        future.cancel()
        raise


def _running() -> asyncio.AbstractEventLoop:
    global _loop
    with _lock:
        if _loop is None:
            _loop = asyncio.SelectorEventLoop()  # in a web process the default one is uvloop's, for requests
            threading.Thread(target=_loop.run_forever, name="loop", daemon=True).start()
        return _loop


def _forget() -> None:
    """A forked child has the loop of its parent but not the thread that runs it, and maybe a lock that nobody opens."""
    global _lock, _loop
    _lock, _loop = threading.Lock(), None


os.register_at_fork(after_in_child=_forget)
