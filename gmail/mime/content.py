"""Tell the body text of a message from what is attached."""

import html as markup
from collections.abc import Iterator
from dataclasses import dataclass

from gmail.mime import bodies, charsets, plain
from gmail.mime.mail import Attachment
from gmail.mime.tree import Entity

LONGEST_TEXT = 5_000_000  # bytes of one text part
LONGEST_FILENAME = 255


@dataclass(frozen=True, slots=True)
class Body:
    """The same words twice; None where a message has no such form."""

    text: str | None = None
    html: str | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """What a message holds, read from its source; `defects` grows while reading."""

    source: bytes
    defects: set[str]

    def bytes_of(self, entity: Entity) -> bytes:
        return bodies.undone(self.source[entity.start : entity.end], entity.encoding, self.defects)

    def body(self, entity: Entity) -> Body:
        if entity.children:
            parts = [self.body(child) for child in entity.children]
            return _alternative(parts) if entity.mime_type == "multipart/alternative" else _sequence(parts)
        if not is_body(entity) or entity.mime_type == "text/x-amp-html":
            return Body()
        text = self._text_of(entity)
        return Body(html=text) if entity.mime_type == "text/html" else Body(text=text)

    def attachments(self, root: Entity) -> Iterator[Attachment]:
        for entity in root.walk():
            if is_attachment(entity):
                size = len(self.bytes_of(entity))
                yield Attachment(entity.part_id or "root", _filename(entity), entity.mime_type, size)

    def _text_of(self, entity: Entity) -> str:
        data = self.bytes_of(entity)
        if len(data) > LONGEST_TEXT:
            self.defects.add("text_truncated")
        text, defect = charsets.decode(data[:LONGEST_TEXT], entity.parameters.get("charset", ""))
        if defect:
            self.defects.add(defect)
        return text.replace("\r\n", "\n")


def is_body(entity: Entity) -> bool:
    """Text is body unless it says or shows that it is a file; at the root there is nothing to be attached to."""
    if entity.mime_type.startswith("multipart/"):
        return not entity.children  # its boundary is lost: what is left is readable at best
    if not entity.mime_type.startswith("text/") or entity.mime_type == "text/calendar":
        return False
    if entity.part_id == "":
        return not (entity.disposition == "attachment" and entity.filename)
    return entity.disposition != "attachment" and not entity.filename


def is_attachment(entity: Entity) -> bool:
    return not entity.children and not is_body(entity)


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


def _filename(entity: Entity) -> str:
    return " ".join(entity.filename.split())[:LONGEST_FILENAME]
