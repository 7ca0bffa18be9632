"""Tell the body text of a message from what is attached."""

import html as markup
from collections.abc import Iterator
from dataclasses import dataclass

from gmail.mime import plain
from gmail.mime.mail import Attachment
from gmail.mime.part import Part

LONGEST_FILENAME = 255


@dataclass(frozen=True, slots=True)
class Body:
    """The same words twice; None where a message has no such form."""

    text: str | None = None
    html: str | None = None


def body(part: Part, defects: set[str]) -> Body:
    """The words of a part and all below it; `defects` grows while reading."""
    if part.children:
        parts = [body(child, defects) for child in part.children]
        return _alternative(parts) if part.mime_type == "multipart/alternative" else _sequence(parts)
    if not is_body(part) or part.mime_type == "text/x-amp-html":
        return Body()
    text = part.text(defects)
    return Body(html=text) if part.mime_type == "text/html" else Body(text=text)


def attachments(root: Part, defects: set[str]) -> Iterator[Attachment]:
    """What is below `root` and no body, in order."""
    for part in root.walk():
        if is_attachment(part):
            yield Attachment(part.part_id or "root", _filename(part), part.mime_type, part.size(defects))


def is_body(part: Part) -> bool:
    """Text is body unless it says or shows that it is a file; at the root there is nothing to be attached to."""
    if part.mime_type.startswith("multipart/"):
        return not part.children  # its boundary is lost: what is left is readable at best
    if not part.mime_type.startswith("text/") or part.mime_type == "text/calendar":
        return False
    if part.part_id == "":
        return not (part.disposition == "attachment" and part.filename)
    return part.disposition != "attachment" and not part.filename


def is_attachment(part: Part) -> bool:
    return not part.children and not is_body(part)


def _alternative(parts: list[Body]) -> Body:
    """One thing in several forms, the richest last (RFC 2046, section 5.1.4)."""
    text = next((part.text for part in parts if part.text and part.text.strip()), None)
    html = next((part.html for part in reversed(parts) if part.html), None)
    return Body(text, html)


def _sequence(parts: list[Body]) -> Body:
    """Parts that follow each other: each contributes to both forms, if there are both."""
    shown = [part for part in parts if part.text is not None or part.html is not None]
    if not any(part.html is not None for part in shown):
        return Body(text="\n".join(part.text or "" for part in shown)) if shown else Body()
    html = "\n".join(part.html or f"<pre>{markup.escape(part.text or '')}</pre>" for part in shown)
    return Body(text="\n".join(readable(part) for part in shown), html=html)


def readable(body: Body) -> str:
    """The body's text; made from its HTML where it has no other."""
    if body.text and body.text.strip():
        return body.text
    return plain.from_html(body.html) if body.html else body.text or ""


def _filename(part: Part) -> str:
    return " ".join(part.filename.split())[:LONGEST_FILENAME]
