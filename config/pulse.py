"""Show that the clock works: a file that is touched whenever the broker has taken a tick."""

import os
from pathlib import Path
from typing import Any

from celery.signals import after_task_publish, beat_init

FILE = "BEAT_PULSE"  # names it; without the variable there is none


@beat_init.connect
def begin(**_: Any) -> None:
    """In the clock's own process."""
    if os.environ.get(FILE):
        after_task_publish.connect(_touch)


def end() -> None:
    """Touch it no more."""
    after_task_publish.disconnect(_touch)


def _touch(**_: Any) -> None:
    Path(os.environ[FILE]).touch()
