"""Price Gmail's methods in quota units.

Google raised several prices on 2026-05-01 (https://developers.google.com/workspace/gmail/api/reference/quota); projects
in use before that may keep the older ones.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType

_2021 = {
    "getProfile": 1,
    "labels.list": 1,
    "messages.list": 5,
    "messages.get": 5,
    "messages.attachments.get": 5,
    "threads.get": 10,
    "history.list": 2,
    "watch": 100,
    "stop": 50,
}
_2026 = _2021 | {"messages.get": 20, "messages.attachments.get": 20, "threads.get": 40}

PRICES: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {"2026": MappingProxyType(_2026), "2021": MappingProxyType(_2021)}
)


def price_table(spec: str) -> Mapping[str, int]:
    """The prices that `spec` names: "2026", "2021", or a JSON object by method that overrides 2026's.

    Raises ValueError, fit for a person, when it is neither.
    """
    if spec in PRICES:
        return PRICES[spec]
    try:
        prices = json.loads(spec)
    except ValueError:
        prices = None
    if not isinstance(prices, dict) or not all(type(units) is int and units >= 0 for units in prices.values()):
        raise ValueError(f'neither "2026" nor "2021" nor a JSON object of units by method: {spec[:100]!r}')
    unknown = sorted(prices.keys() - _2026.keys())
    if unknown:
        raise ValueError(f"no methods that this client calls: {', '.join(unknown)}")
    return MappingProxyType(_2026 | prices)
