"""The pieces of a MIME letter, each able to say how large it is before it is filled."""

from dataclasses import dataclass, field

from gmail.simulator.letters import encoding, opaque
from gmail.simulator.letters.tongue import Tongue


@dataclass(slots=True)
class Text:
    """A text part; `before` and `after` surround the paragraphs, `wrap` is put around each of them."""

    subtype: str
    charset: str
    transfer: str
    before: bytes = b""
    after: bytes = b""
    wrap: tuple[str, str] = ("", "\n\n")
    content: list[bytes] = field(default_factory=list)

    def blocks(self, tongue: Tongue) -> tuple[bytes, ...]:
        """The paragraphs of a language as this part would hold them."""
        return encoding.blocks(tongue, self.wrap, self.charset, self.transfer)

    def render(self) -> bytes:
        """Headers, an empty line, the body."""
        head = (
            f"Content-Type: text/{self.subtype}; charset={self.charset}\r\n"
            f"Content-Transfer-Encoding: {self.transfer}\r\n\r\n"
        )
        return head.encode() + encoding.finish(self.before + b"".join(self.content) + self.after, self.transfer)


@dataclass(slots=True)
class Attachment:
    """A binary part; `room` bytes of base64 are its content."""

    mime_type: str
    parameters: str
    disposition: str
    key: int
    room: int = 0
    extra: str = ""

    def render(self) -> bytes:
        """Headers, an empty line, the body in base64."""
        head = (
            f"Content-Type: {self.mime_type}{self.parameters}\r\n"
            f"Content-Disposition: {self.disposition}\r\n{self.extra}"
            "Content-Transfer-Encoding: base64\r\n\r\n"
        )
        return head.encode() + opaque.base64_lines(self.key, self.room)


@dataclass(slots=True)
class Fixed:
    """A part that is written out already, with its headers."""

    data: bytes

    def render(self) -> bytes:
        """The part as it is."""
        return self.data


@dataclass(slots=True)
class Multipart:
    """Parts between boundaries."""

    subtype: str
    boundary: str
    parts: list["Part"]

    def render(self) -> bytes:
        """Headers, an empty line, the parts."""
        mark = f"--{self.boundary}\r\n".encode()
        head = f'Content-Type: multipart/{self.subtype}; boundary="{self.boundary}"\r\n\r\n'.encode()
        inner = b"".join(mark + part.render() + b"\r\n" for part in self.parts)
        return head + inner + f"--{self.boundary}--\r\n".encode()


Part = Text | Attachment | Fixed | Multipart


def texts(part: Part) -> list[Text]:
    """All text parts that take paragraphs, in order."""
    if isinstance(part, Text):
        return [part]
    return [text for child in part.parts for text in texts(child)] if isinstance(part, Multipart) else []


def attachment(part: Part) -> Attachment | None:
    """The first attachment, which takes the bytes that the text leaves."""
    if isinstance(part, Attachment):
        return part
    if isinstance(part, Multipart):
        return next((found for child in part.parts if (found := attachment(child)) is not None), None)
    return None
