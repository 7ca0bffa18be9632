"""Find the parts of a message, numbered as Gmail numbers them: "" is the root, below it "0", "1", "1.0" ...

Parts are offsets into the message, nothing is copied. Depth, number of parts, delimiters looked at, bytes searched:
all are bounded, so the time is linear in the size of the message.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from gmail.mime import bodies, fields, parameters
from gmail.mime.part import Part, text_of

MOST_PARTS = 2000
MOST_DELIMITERS = 20_000
DEEPEST = 120
MOST_SEARCHED = 2_000_000_000  # bytes, about a second
_TYPE_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789!#$&-^_.+*'")


@dataclass(slots=True, kw_only=True)
class Entity(Part):
    """A part whose body is source[start:end], still in its transfer encoding."""

    head: fields.Head
    encoding: str
    source: bytes
    start: int
    end: int

    def content(self, defects: set[str]) -> bytes:
        return bodies.undone(self.source[self.start : self.end], self.encoding, defects)

    def text(self, defects: set[str]) -> str:
        return text_of(self.content(defects), self.parameters.get("charset", ""), defects)


class Parser:
    """Reads one message; `defects` collects the marks of what is wrong with it."""

    def __init__(self, source: bytes) -> None:
        # Some messages end their lines with bare CRs.
        bare = b"\r" in source[:65536] and b"\n" not in source[:65536]
        self.source = source.replace(b"\r", b"\n") if bare else source
        self.defects: set[str] = set()
        self._parts_left = MOST_PARTS
        self._delimiters_left = MOST_DELIMITERS
        self._searchable = min(MOST_SEARCHED, 2 * DEEPEST * len(source))

    def read(self) -> Entity:
        return self._entity(0, len(self.source), "", 0, "text/plain")

    def _entity(self, start: int, end: int, part_id: str, depth: int, default_type: str) -> Entity:
        head = fields.split(self.source, start, end, self.defects)
        kind = parameters.structured(head.first("content-type"), self.defects)
        disposition = parameters.structured(head.first("content-disposition"), self.defects)
        encoding = parameters.structured(head.first("content-transfer-encoding"), self.defects)
        entity = Entity(
            part_id=part_id,
            head=head,
            mime_type=kind.value if is_type(kind.value) else default_type,
            parameters=kind.parameters,
            disposition=disposition.value,
            filename=disposition.parameters.get("filename") or kind.parameters.get("name", ""),
            encoding=encoding.value,
            source=self.source,
            start=head.body_start,
            end=end,
        )
        if entity.mime_type.startswith("multipart/"):
            entity.children = list(self._children(entity, depth))
        return entity

    def _children(self, entity: Entity, depth: int) -> Iterator[Entity]:
        if depth == DEEPEST:
            self.defects.add("too_deep")
            return
        default_type = "message/rfc822" if entity.mime_type == "multipart/digest" else "text/plain"
        prefix = f"{entity.part_id}." if entity.part_id else ""
        for number, (start, end) in enumerate(self._pieces(entity)):
            if self._parts_left == 0:
                self.defects.add("too_many_parts")
                return
            self._parts_left -= 1
            yield self._entity(start, end, f"{prefix}{number}", depth + 1, default_type)

    def _pieces(self, entity: Entity) -> Iterator[tuple[int, int]]:
        """Where the parts of a multipart begin and end; the last line end belongs to the delimiter."""
        begin: int | None = None
        for at, after, closing in self._delimiters(entity):
            if begin is not None:
                yield begin, max(begin, _without_line_end(self.source, begin, at))
            begin = None if closing else after
            if closing:
                return
        if begin is not None:
            self.defects.add("multipart_unclosed")
            yield begin, entity.end

    def _delimiters(self, entity: Entity) -> Iterator[tuple[int, int, bool]]:
        """Offsets of each delimiter line, of the line after it, and whether it closes the multipart."""
        delimiter = b"--" + entity.parameters.get("boundary", "").encode("utf-8", "replace")
        if len(delimiter) == 2:
            self.defects.add("multipart_without_boundary")
            return
        position = entity.start
        while (at := self._line_with(delimiter, position, entity)) >= 0:
            after = self.source.find(b"\n", at, entity.end) + 1 or entity.end
            rest = self.source[at + len(delimiter) : min(after, at + len(delimiter) + 100)].rstrip()
            if rest in (b"", b"--"):
                yield at, after, rest == b"--"
            position = after

    def _line_with(self, delimiter: bytes, position: int, entity: Entity) -> int:
        """The offset of the next line that begins with `delimiter`, -1 without one or when the search was too long."""
        if self._searchable < 0 or self._delimiters_left == 0:
            self.defects.add("search_given_up")
            return -1
        self._delimiters_left -= 1
        if self.source.startswith(delimiter, position, entity.end):
            return position
        found = self.source.find(b"\n" + delimiter, position, entity.end)
        self._searchable -= (found if found >= 0 else entity.end) - position
        return found + 1 if found >= 0 else -1


def is_type(value: str) -> bool:
    major, slash, minor = value.partition("/")
    return bool(major and slash and minor) and _TYPE_CHARACTERS.issuperset(major + minor)


def _without_line_end(source: bytes, begin: int, end: int) -> int:
    if source[end - 1 : end] == b"\n":
        end -= 1
        if end > begin and source[end - 1 : end] == b"\r":
            end -= 1
    return end
