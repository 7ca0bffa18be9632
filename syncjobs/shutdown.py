"""Remember that this worker was asked to stop, across its forked children."""

import multiprocessing

# Made before the pool forks, so that the children share what the parent's signal sets.
_asked = multiprocessing.Event()


def ask() -> None:
    """Ask every slice of this worker to end at its next page."""
    _asked.set()


def asked() -> bool:
    """Whether slices should end."""
    return _asked.is_set()
