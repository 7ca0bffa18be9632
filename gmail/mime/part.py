"""Name what is known of a part of a mail, whatever it was read from."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gmail.mime import charsets

LONGEST_TEXT = 5_000_000  # bytes of one text part


@dataclass(slots=True, kw_only=True)
class Part(ABC):
    """A message or a part of one; types and parameter names are in lower case, `part_id` of the root is ""."""

    part_id: str
    mime_type: str
    parameters: dict[str, str]
    disposition: str
    filename: str
    children: Sequence["Part"] = ()

    @abstractmethod
    def content(self, defects: set[str]) -> bytes:
        """What the part holds, its transfer encoding undone."""

    @abstractmethod
    def text(self, defects: set[str]) -> str:
        """What a text part says."""

    def size(self, defects: set[str]) -> int:
        """The bytes of its content."""
        return len(self.content(defects))

    def walk(self) -> Iterator["Part"]:
        """The part and all below it, in order."""
        yield self
        for child in self.children:
            yield from child.walk()


def text_of(data: bytes, charset: str, defects: set[str]) -> str:
    """The text that `data` is in the charset that is declared, or likely."""
    if len(data) > LONGEST_TEXT:
        defects.add("text_truncated")
    text, defect = charsets.decode(data[:LONGEST_TEXT], charset)
    if defect:
        defects.add(defect)
    return text.replace("\r\n", "\n")
