"""What a writer of one language brings to a letter."""

from dataclasses import dataclass
from functools import cached_property

from gmail.simulator.letters.draw import dice, text_key

PARAGRAPHS = 48


@dataclass(frozen=True, eq=False)
class Tongue:
    """Names, subjects and sentences of a language; `charsets` are those its mail really travels in."""

    code: str
    charsets: tuple[str, ...]
    people: tuple[tuple[str, str], ...]
    subjects: tuple[str, ...]
    sentences: tuple[str, ...]
    greeting: str
    closing: str
    wrote: str
    space: str = " "

    @cached_property
    def paragraphs(self) -> tuple[str, ...]:
        """Sentences joined to paragraphs, the same ones in every process."""
        draw = dice(text_key(self.code))
        return tuple(self.space.join(draw.sample(self.sentences, draw.randint(2, 4))) for _ in range(PARAGRAPHS))
