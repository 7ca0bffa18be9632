"""Judge a plan of spends against Gmail's minute."""


def fullest_minute(spends: list[tuple[float, int]]) -> int:
    """The most units that any 60 seconds hold; spends are (seconds, units)."""
    return max(sum(units for at, units in spends if start <= at < start + 60) for start, _ in spends)
