"""Read the pictures that stand within the HTML of a raw message."""

import logging
from collections.abc import Collection

from gmail.mime.tree import Entity, Parser

log = logging.getLogger(__name__)

MOST_BYTES = 10_000_000  # of all pictures of one message
PICTURES = {"image/png", "image/jpeg", "image/jpg", "image/gif", "image/webp", "image/bmp"}  # no SVG: it is a document


def inline_pictures(raw: bytes, wanted: Collection[str]) -> dict[str, tuple[str, bytes]]:
    """(type, content) of the parts that are pictures, by those of their content ids that are `wanted`; never raises."""
    try:
        return _inline_pictures(raw, wanted)
    except Exception:
        log.exception("The pictures of a message of %d bytes are beyond the parser", len(raw))
        return {}


def _inline_pictures(raw: bytes, wanted: Collection[str]) -> dict[str, tuple[str, bytes]]:
    found: dict[str, tuple[str, bytes]] = {}
    left = MOST_BYTES
    for part in Parser(raw).read().walk():
        if not isinstance(part, Entity):
            continue
        name = (part.head.first("content-id") or b"").decode("latin-1").strip().strip("<>").strip()
        if name not in wanted or name in found or part.mime_type not in PICTURES:
            continue
        if len(content := part.content(set())) <= left:
            found[name] = (part.mime_type, content)
            left -= len(content)
    return found
