"""Leave no pool process behind when its worker is killed."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # prctl(2)


def die_with_the_parent() -> None:
    """Ask Linux to kill this process as soon as its parent dies; elsewhere the lease alone ends its work."""
    if not sys.platform.startswith("linux"):
        return
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died between the two lines
        os._exit(1)
