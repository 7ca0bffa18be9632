"""The fields parameter: a part of an answer instead of the whole."""

import re
from typing import Any

from gmail.simulator import refusals

Mask = dict[str, Any]
LONGEST = 1_000
TOKEN = re.compile(r"[A-Za-z0-9_*]+|[/,()]")


def apply(fields: str, value: object) -> object:
    """`value` with only what `fields` names, as "messages/id,nextPageToken" or "payload(headers)". Raises Refusal."""
    tokens = TOKEN.findall(fields)
    if "".join(tokens) != fields.replace(" ", "") or len(fields) > LONGEST:
        raise refusals.invalid(f"Invalid field selection {fields[:100]}")
    mask, rest = _parse(tokens)
    if rest:
        raise refusals.invalid(f"Invalid field selection {fields[:100]}")
    return _cut(mask, value)


def without(key: str, value: object) -> object:
    """`value` with no `key` at any depth."""
    if isinstance(value, list):
        return [without(key, item) for item in value]
    if isinstance(value, dict):
        return {name: without(key, item) for name, item in value.items() if name != key}
    return value


def _parse(tokens: list[str]) -> tuple[Mask, list[str]]:
    mask: Mask = {}
    while tokens and tokens[0] != ")":
        path: Mask = mask
        while True:
            path = path.setdefault(tokens[0], {})
            tokens = tokens[1:]
            if tokens[:1] != ["/"] or len(tokens) < 2:
                break
            tokens = tokens[1:]
        if tokens[:1] == ["("]:
            inner, tokens = _parse(tokens[1:])
            path.update(inner)
            tokens = tokens[1:]
        if tokens[:1] == [","]:
            tokens = tokens[1:]
    return mask, tokens


def _cut(mask: Mask, value: object) -> object:
    if not mask or ("*" in mask and not mask["*"]):
        return value
    if isinstance(value, list):
        return [_cut(mask, item) for item in value]
    if isinstance(value, dict):
        return {
            key: _cut(mask[key] if key in mask else mask["*"], item)
            for key, item in value.items()
            if key in mask or "*" in mask
        }
    return value
