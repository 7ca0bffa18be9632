"""Flatten HTML that is nested too deeply to be parsed in reasonable time."""

import html as entities
import re
from collections import Counter

DEEPEST = 1_000  # parsing costs the square of the depth; what people send stays far below
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_WHOLE_TAG = re.compile(r"<[^<>]*>")
# What has no content, or is closed by its next sibling.
_FLAT = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_FLAT |= {"dd", "dt", "li", "option", "p", "tbody", "td", "tfoot", "th", "thead", "tr"}


def bounded(html: str) -> str:
    """The HTML itself; its words alone where one mail could keep a process busy for minutes."""
    if not is_too_deep(html):
        return html
    words = entities.unescape(_WHOLE_TAG.sub(" ", html))
    return entities.escape(" ".join(words.split()))


def is_too_deep(html: str) -> bool:
    """Whether more than DEEPEST elements are opened without being closed."""
    opened, depth = Counter[str](), 0
    for closing, name in _TAG.findall(html.lower()):
        if name in _FLAT or (closing and not opened[name]):
            continue
        step = -1 if closing else 1
        opened[name] += step
        depth += step
        if depth > DEEPEST:
            return True
    return False
