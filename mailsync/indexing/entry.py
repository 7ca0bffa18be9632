"""Make what the index and the search need to know of a mail."""

from collections.abc import Iterable
from typing import Any

from mailsync.indexing.folding import folded
from mailsync.indexing.runs import IN_NAMES, IN_SUBJECT, has_run, pairs, without_runs

MOST_SEARCHED = 200_000  # characters: a search vector takes 1 MB at most
LONGEST_WORD = 200  # a longer one is data, which nobody searches

# The vector of a row with the columns of `entry`. Pairs come as an array: no parser sees them.
VECTOR = """setweight(to_tsvector('simple', row.heading), 'A') || setweight(to_tsvector('simple', row.names), 'B') ||
    setweight(to_tsvector('simple', row.body), 'D') || array_to_tsvector(row.pairs)"""
COLUMNS = "heading text, names text, body text, pairs text[], searched_text text"


def entry(subject: str, names: Iterable[str], body: str) -> dict[str, Any]:
    """`{"heading", "names", "body"}`: words; `{"pairs", "searched_text"}` of a mail with Chinese, Japanese or Korean in it.

    Pairs narrow a search down; what they name is then looked for in the text. Words of other scripts need no text.
    """
    texts = {"heading": _bounded(subject), "names": _bounded(" ".join(names)), "body": _bounded(body)}
    if not any(map(has_run, texts.values())):
        return {**{name: _words(text) for name, text in texts.items()}, "pairs": [], "searched_text": ""}
    whole = "\n".join(map(_words, texts.values()))
    words = {name: _words(without_runs(text)) for name, text in texts.items()}
    marked = pairs(texts["heading"], IN_SUBJECT) + pairs(texts["names"], IN_NAMES)
    return {**words, "pairs": pairs(whole) + marked, "searched_text": whole}


def _bounded(text: str) -> str:
    return folded(text[:MOST_SEARCHED])[:MOST_SEARCHED]


def _words(text: str) -> str:
    """Without those that are data."""
    words = text.split()
    if max(map(len, words), default=0) > LONGEST_WORD:  # seldom: the loop in Python is four times as dear as this look
        words = [word for word in words if len(word) <= LONGEST_WORD or has_run(word)]
    return " ".join(words)
