"""Match text where its words are not parted by blanks: by pairs of letters in the index, then by the text itself."""

from collections.abc import Sequence

from django.contrib.postgres.search import SearchQuery
from django.db.models import F, Func, Q, TextField, Value
from django.db.models.functions import Cast, StrIndex
from django.db.models.lookups import GreaterThan, IContains

from mailsync.indexing.runs import IN_NAMES, is_exact, tsquery


class Pairs(SearchQuery):
    """A query in PostgreSQL's own notation, past its parser, which depends on the server's locale."""

    template = "(%(expressions)s)::tsquery"


class Folded(Func):
    """Text with its wide and narrow letters alike."""

    template = "normalize(%(expressions)s, NFKC)"
    output_field = TextField()


def narrowed(text: str, mark: str = "") -> Q:
    """Mail that has all pairs of the folded `text` where `mark` says: few others than those that contain it there."""
    return Q(search=Pairs(tsquery(text, mark)))


def containing(text: str) -> Q:
    """Exactly the mail that contains the folded `text`, which has Chinese, Japanese or Korean in it."""
    if is_exact(text):
        return narrowed(text)
    return narrowed(text) & Q(GreaterThan(StrIndex("searched_text", Value(text)), 0))


def in_columns(columns: Sequence[str], text: str, mark: str) -> Q:
    """The folded `text` in one of these columns of text, which are indexed with the mark."""
    return narrowed(text, mark) & _any_of([F(column) for column in columns], text)


def in_json(columns: Sequence[str], path: str, text: str) -> Q:
    """The folded `text` in one of the strings at `path`; where each ends is not looked at."""
    strings = [Func(F(column), Value(path), function="jsonb_path_query_array") for column in columns]
    for each in strings:
        each.template = "%(function)s(%(expressions)s::jsonpath)"
    return narrowed(text, IN_NAMES) & _any_of([Cast(each, TextField()) for each in strings], text)


def _any_of(texts: Sequence[F | Cast], text: str) -> Q:
    found = Q()
    for each in texts:
        found |= Q(IContains(Folded(each), text))
    return found
