"""Mark in a text what a search found in it."""

import html
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate, pairwise
from operator import sub

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from mailsync.indexing.folding import folded
from mailsync.indexing.runs import LETTERS
from mailsync.indexing.words import RUN_MARK, cut
from mailsync.search.conditions import pieces
from mailsync.search.grammar import Term, parse, positive

MOST_MARKED = 200_000  # characters of a text; what follows is shown unmarked
# A letter with what is put on it, which may fold into one; what nobody sees belongs to the letter before.
_LETTER = re.compile(
    "(?s).[\u0300-\u036f\u3099\u309a\uff9e\uff9f\u00ad\u200b\u2060\ufeff\ufe00-\ufe0f\U000e0100-\U000e01ef]*"
)
_NO_WORD_BEFORE, _NO_WORD_AFTER = rf"(?<![^\W_{LETTERS}])", rf"(?![^\W_{LETTERS}])"
_TAG = re.compile(r'(<(?:[^"<>]|"[^"]*")*>)')


class Marker:
    """Marks what matches a query, in the ways in which the search looks for it."""

    def __init__(self, q: str) -> None:
        self._terms = list(positive(parse(q)))
        self._patterns: dict[tuple[str, ...], re.Pattern[str] | None] = {}

    def marked(self, text: str, *operators: str) -> SafeString:
        """Text as HTML with <mark> around the words of the query, and around the values of these operators."""
        pattern = self._pattern(operators)
        if pattern is None:
            return escape(text)
        return mark_safe("".join(_pieces(text, pattern)))  # noqa: S308 - every piece is escaped

    def marked_html(self, markup: str) -> str:
        """Sanitised HTML with <mark> around the words of the query; its tags stay as they are."""
        pattern = self._pattern(())
        if pattern is None:
            return markup
        pieces = _TAG.split(markup)
        pieces[::2] = ["".join(_pieces(html.unescape(text), pattern)) if text else "" for text in pieces[::2]]
        return "".join(pieces)

    def _pattern(self, operators: tuple[str, ...]) -> re.Pattern[str] | None:
        if operators not in self._patterns:
            parts = {part for term in self._terms for part in _parts(term, operators)}
            pattern = re.compile("|".join(sorted(parts, key=len, reverse=True))) if parts else None
            self._patterns[operators] = pattern
        return self._patterns[operators]


def _parts(term: Term, operators: tuple[str, ...]) -> Iterator[str]:
    value = folded(term.value)
    if term.operator:
        if term.operator in operators and value.strip():
            yield re.escape(value.strip())
        return
    for piece in pieces(term):
        if words := cut(piece):
            yield _side_by_side(words)


def _side_by_side(words: list[str]) -> str:
    """Signs may stand between two words; where a run or a picture begins, nothing needs to.

    No picture that is looked for is such a sign: of as many as a stranger likes, each would be tried with each.
    """
    apart = [word[0].isalnum() for word in words]
    pictures = {letter for word in words for letter in word.removeprefix(RUN_MARK) if not letter.isalnum()}
    sign = rf"(?:_|[^\w{''.join(sorted(pictures))}])"
    between = (f"{sign}++" if one and other else f"{sign}*+" for one, other in pairwise(apart))
    escaped = [re.escape(word.removeprefix(RUN_MARK)) for word in words]
    found = escaped[0] + "".join(map(str.__add__, between, escaped[1:]))
    return (_NO_WORD_BEFORE if apart[0] else "") + found + (_NO_WORD_AFTER if apart[-1] else "")


def _pieces(text: str, pattern: re.Pattern[str]) -> Iterator[str]:
    """The text, escaped, with its marks."""
    looked_at, starts, ends = _alike(text[:MOST_MARKED])
    done = 0
    for match in pattern.finditer(looked_at):
        if match.end() == match.start():
            continue
        start, end = starts[match.start()], ends[match.end() - 1]
        if start < done:
            continue
        yield html.escape(text[done:start])
        yield f"<mark>{html.escape(text[start:end])}</mark>"
        done = end
    yield html.escape(text[done:])


def _alike(text: str) -> tuple[str, range | list[int], range | list[int]]:
    """The folded text; where in `text` each of its letters starts, where it ends."""
    if text.isascii():
        return text.lower(), range(len(text)), range(1, len(text) + 1)
    letters = _LETTER.findall(text)
    alike = [_folded_alone(letter) if len(letter) == 1 else folded(letter) for letter in letters]
    if len(letters) == len(text) and set(map(len, alike)) == {1}:  # most text in any script
        return "".join(alike), range(len(text)), range(1, len(text) + 1)
    ends = list(accumulate(map(len, letters)))
    begins = map(sub, ends, map(len, letters))
    starts = [start for each, start in zip(alike, begins, strict=True) for _ in each]
    return "".join(alike), starts, [end for each, end in zip(alike, ends, strict=True) for _ in each]


@lru_cache(maxsize=10_000)  # nothing of more than a letter: a stranger's mail decides how much is put on one
def _folded_alone(letter: str) -> str:
    return folded(letter)
