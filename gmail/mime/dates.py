"""Read the Date header."""

import email.utils
from datetime import UTC, datetime, timedelta, timezone

_LONGEST = 200


def date(text: str) -> datetime | None:
    """The moment in UTC; None when it is unreadable or out of the calendar."""
    try:
        parsed = email.utils.parsedate_tz(text[:_LONGEST])
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if parsed is None:
        return None
    year, month, day, hour, minute, second, *_, offset = parsed
    try:
        zone = timezone(timedelta(seconds=offset or 0))
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
