"""Say how long the rest of a pass takes at least, by Gmail's quota: pure."""

from gmail.window import allowance


def seconds_left(remaining: int, *, added: int, units: int, price: int, limit: int) -> float:
    """Seconds that `remaining` messages take at a `limit` of units a minute (0: no limit), whatever the pace until now.

    `added` messages cost `units` until now, listings included; one alone costs `price`. What is left of the first minute's
    allowance goes at once.
    """
    if not limit:
        return 0.0
    each = min(units / added, price) if added else price
    allowed = allowance(limit)
    unspent = max(0, allowed - units)
    return round(max(0.0, remaining * each - unspent) * 60 / allowed, 1)
