"""Compute where a window of recent mail begins."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

OVERLAP_SECONDS = (
    1  # whether Gmail's `after:` includes its second is not documented: what is held already is not fetched
)


def today(now: datetime, zone: ZoneInfo) -> int:
    """Unix seconds of the last midnight in `zone`."""
    return _since(now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0))


def this_week(now: datetime, zone: ZoneInfo) -> int:
    """Unix seconds of the last midnight to Monday in `zone`."""
    local = now.astimezone(zone)
    monday = (local - timedelta(days=local.weekday())).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return _since(monday)


def _since(start: datetime) -> int:
    return int(start.astimezone(UTC).timestamp()) - OVERLAP_SECONDS
