"""Match mail by its words: in each row by its own text, in the index by what it has of that text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from django.contrib.postgres.search import SearchQuery, SearchVectorExact
from django.db.models import F, Func, Q, TextField, Value
from django.db.models.functions import Cast, Coalesce, StrIndex
from django.db.models.lookups import GreaterThan, IContains

from mailsync.indexing import words
from mailsync.indexing.folding import UNSEEN
from mailsync.indexing.runs import IN_NAMES
from mailsync.models.mail import Terms


@dataclass(frozen=True, slots=True)
class Match:
    """Two conditions for the same messages: `met` is for rows that come by another index, `found` for the index of words.

    What an index of words has of a row is made anew where it is not what led there, which is slow; where it led there, the
    text need not be read at all. `loose`: `found` alone says yes to others as well. `narrows`: an index can lead there.
    """

    met: Q
    found: Q
    loose: bool = False
    narrows: bool = True

    @classmethod
    def of(cls, condition: Q) -> Self:
        """What one condition says of a row wherever it comes from."""
        return cls(condition, condition, narrows=not condition.negated)

    def by_index(self) -> Q:
        """For a query that begins with what the index of words finds."""
        return self.found & self.met if self.loose else self.found

    def __and__(self, other: "Match") -> "Match":
        found, loose = self.found & other.found, self.loose or other.loose
        return Match(self.met & other.met, found, loose, self.narrows or other.narrows)

    def __or__(self, other: "Match") -> "Match":
        met = self.met | other.met
        if not (self.narrows and other.narrows):  # every row is asked
            return Match(met, met, narrows=False)
        return Match(met, self.found | other.found, self.loose or other.loose)

    def __invert__(self) -> "Match":
        return Match.of(~self.met)  # no index finds what lacks a word


class InNotation(SearchQuery):
    """A query in PostgreSQL's own notation, past its parser, which depends on the server's locale."""

    template = "(%(expressions)s)::tsquery"


class Folded(Func):
    """Text with its wide and narrow letters alike, without what is not seen: Khmer parts words by blanks without width."""

    template = "normalize(regexp_replace(%(expressions)s, 'g'), NFKC)"
    output_field = TextField()

    def __init__(self, text: F | Cast) -> None:
        super().__init__(text, Value(UNSEEN.pattern), Value(""))


def containing(text: str) -> Match:
    """The mail that has the words of `text` side by side; all mail where it has none, but signs: `&` narrows nothing."""
    if not (passage := words.passage(text)):
        return Match.of(Q())
    met = Q(GreaterThan(StrIndex(Coalesce("words", Value("")), Value(passage)), 0))
    return Match(met, _indexed(text), loose=not words.is_exact(text))


def in_columns(columns: Sequence[str], text: str, mark: str) -> Match:
    """The folded `text`, which has a run in it, in one of these columns of text, which are indexed with the mark."""
    return Match(_any_of([F(column) for column in columns], text), _indexed(text, mark), loose=True)


def in_json(columns: Sequence[str], path: str, text: str) -> Match:
    """The same in one of the strings at `path`; where each ends is not looked at."""
    strings = [Func(F(column), Value(path), function="jsonb_path_query_array") for column in columns]
    for each in strings:
        each.template = "%(function)s(%(expressions)s::jsonpath)"
    return Match(_any_of([Cast(each, TextField()) for each in strings], text), _indexed(text, IN_NAMES), loose=True)


def _indexed(text: str, mark: str = "") -> Q:
    return Q(SearchVectorExact(Terms("words"), InNotation(words.tsquery(text, mark))))


def _any_of(texts: Sequence[F | Cast], text: str) -> Q:
    found = Q()
    for each in texts:
        found |= Q(IContains(Folded(each), text))
    return found
