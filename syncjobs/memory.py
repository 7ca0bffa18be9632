"""Have the C library give memory back to the system as soon as it is free."""

import ctypes
import sys

M_MMAP_THRESHOLD = -3  # mallopt(3)
BIG = 131_072  # bytes; what glibc begins with


def give_back_what_is_big() -> bool:
    """From now on what is big is mapped by itself; False where the C library has no such wish.

    By default glibc raises the bound with each big block that is freed, up to 32 MiB: after one mail of many megabytes its like
    come from the heap, which then keeps the holes that they leave.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    return mallopt is not None and bool(mallopt(M_MMAP_THRESHOLD, BIG))
