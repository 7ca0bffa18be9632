"""Reproducible random draws that depend on nothing but their key."""

import random
from statistics import NormalDist

_MASK = (1 << 64) - 1
_NORMAL = NormalDist()


def mix(*key: int) -> int:
    """A 64-bit hash of `key`: equal keys give equal numbers on every machine and Python version (splitmix64)."""
    state = 0x9E3779B97F4A7C15
    for part in key:
        state = (state ^ part) * 0xBF58476D1CE4E5B9 & _MASK
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB & _MASK
        state ^= state >> 31
    return state


def share(*key: int) -> float:
    """A uniform number, 0 < share < 1."""
    return ((mix(*key) >> 12) + 0.5) / (1 << 52)


def normal(*key: int) -> float:
    """A number from the standard normal distribution."""
    return _NORMAL.inv_cdf(share(*key))


def dice(*key: int) -> random.Random:
    """A generator for the many draws of one letter."""
    return random.Random(mix(*key))


def text_key(text: str) -> int:
    """A number for `text` that is stable between processes, unlike hash()."""
    return mix(*text.encode("utf-8"))
