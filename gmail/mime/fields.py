"""Split the head of an entity into its fields."""

import re
from dataclasses import dataclass

MOST_FIELDS = 1000
LONGEST_FIELD = 256 * 1024
LONGEST_NAME = 200
LONGEST_HEAD = 2 * 1024 * 1024
_NAME = re.compile(rb"[\x21-\x39\x3b-\x7e]{1,200}")
_BLANK_LINE = re.compile(rb"\n\r{0,2}\n")


@dataclass(frozen=True, slots=True)
class Head:
    """The raw fields of an entity in order, and the offset at which its body begins."""

    fields: tuple[tuple[str, bytes], ...]
    body_start: int

    def first(self, name: str) -> bytes | None:
        """The value of the first field called `name` (lower case)."""
        return next((value for key, value in self.fields if key.lower() == name), None)


def split(data: bytes, start: int, end: int, defects: set[str]) -> Head:
    """Read fields up to the first empty line, or up to the first that cannot belong to a head."""
    names: list[str] = []
    values: list[bytearray] = []
    position = start
    while position < end:
        following = data.find(b"\n", position, end) + 1 or end
        line = data[position : min(following, position + LONGEST_FIELD)].rstrip(b"\r\n")
        if not line:
            return _head(names, values, following)
        if line[:1] in (b" ", b"\t") and values:
            values[-1] += b"\n" + line
        elif name := _field_name(line):
            names.append(name)
            values.append(bytearray(line[line.index(b":") + 1 :]))
        elif not (position == start and line.startswith((b"From ", b">From "))):  # an mbox separator
            defects.add("head_unseparated")
            return _head(names, values, position)
        position = following
        if len(names) >= MOST_FIELDS or position - start > LONGEST_HEAD:
            defects.add("head_truncated")
            blank = _BLANK_LINE.search(data, position - 1, end)
            return _head(names, values, blank.end() if blank else end)
    return _head(names, values, end)


def _field_name(line: bytes) -> str:
    name, colon, _ = line[:300].partition(b":")
    name = name.rstrip(b" \t")
    return name.decode("ascii") if colon and _NAME.fullmatch(name) else ""


def _head(names: list[str], values: list[bytearray], body_start: int) -> Head:
    fields = tuple((name, bytes(value[:LONGEST_FIELD])) for name, value in zip(names, values, strict=True))
    return Head(fields, body_start)
