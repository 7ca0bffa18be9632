"""Read spans of time as people write them."""

import re
from datetime import timedelta

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d{1,9}(?:\.\d+)?)\s*([smhd]?)")


def parse_duration(value: str) -> timedelta:
    """Parse 90s, 10m, 1.5h, 2d or bare seconds; raises ValueError."""
    match = _DURATION.fullmatch(value.strip().lower())
    if match is None:
        raise ValueError(value)
    try:
        return timedelta(seconds=float(match[1]) * _UNITS[match[2] or "s"])
    except OverflowError:
        raise ValueError(value) from None
