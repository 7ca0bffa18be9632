"""Cut a mail into the words that are searched.

Done here and not by the server: what its parser makes of letters depends on the locale, and of a link it makes three words
that nobody asks for. What is kept is the text itself, not a vector, which is twice as big; the index is made of the text by
`mailsync_terms` in the database, and asked for what `tsquery` says.
"""

import unicodedata
from collections.abc import Iterable

from mailsync.indexing.folding import folded
from mailsync.indexing.runs import RUN, has_run, terms

MOST_BODY = 400_000  # bytes of UTF-8: at most twice as much comes of a run, and a search vector takes 1 MB
MOST_NAMES = 40_000  # bytes; more than four times as much may come of them
LONGEST_WORD = 200  # a longer one is data, which nobody searches
RUN_MARK = "~"  # stands before each run and nowhere else: what it is made of, `mailsync_terms` need not know


class _Letters(dict[int, int | str]):
    """What becomes of each letter, for `str.translate`: signs part words, pictures are words of their own."""

    def __missing__(self, code: int) -> int | str:
        letter, found = chr(code), ord(" ")
        kind = unicodedata.category(letter)
        if kind[0] in "LNM" or RUN.match(letter):
            found = code
        self[code] = f" {letter} " if kind == "So" and found != code else found
        return self[code]


_LETTERS = _Letters()


def searched(subject: str, names: Iterable[str], body: str) -> str:
    """What is kept of a mail for its search: three lines of words, each between blanks; of any mail, however big, a part."""
    parts = subject, _start(" ".join(names), MOST_NAMES), _start(body, MOST_BODY)
    mosts = MOST_NAMES, MOST_NAMES, MOST_BODY
    return "\n".join(f" {_start(_words(part), most)} " for part, most in zip(parts, mosts, strict=True))


def cut(text: str) -> list[str]:
    """Its words, folded; runs have their mark."""
    text = folded(text).translate(_LETTERS)
    if has_run(text):
        text = RUN.sub(rf" {RUN_MARK}\g<0> ", text)
    return text.split()


def passage(text: str) -> str:
    """What `searched` has in it where the words of `text` stand side by side; "" if it has none.

    A run may begin and end in the middle of a longer one.
    """
    if not (found := cut(text)):
        return ""
    begin = "" if found[0].startswith(RUN_MARK) else " "
    end = "" if found[-1].startswith(RUN_MARK) else " "
    return begin + " ".join(found).removeprefix(RUN_MARK) + end


def tsquery(text: str, mark: str = "") -> str:
    """What all have whose words are those of `text`, and others, in PostgreSQL's notation; `mark`: where runs stand."""
    found = _without_data(cut(text))
    every = {term for each in found if each.startswith(RUN_MARK) for term in terms(each.removeprefix(RUN_MARK), mark)}
    if not mark:
        every |= {f"'{each}'" for each in found if not each.startswith(RUN_MARK)}
    return " & ".join(sorted(every))


def is_exact(text: str) -> bool:
    """Whether what has its terms has its words side by side."""
    found = cut(text)
    return len(found) == 1 and (not found[0].startswith(RUN_MARK) or len(found[0]) <= len(RUN_MARK) + 2)


def _words(text: str) -> str:
    return " ".join(_without_data(cut(text)))


def _without_data(found: list[str]) -> list[str]:
    if max(map(len, found), default=0) <= LONGEST_WORD:  # mostly: the loop in Python is dearer than this look
        return found
    return [each for each in found if len(each) <= LONGEST_WORD or each.startswith(RUN_MARK)]


def _start(text: str, most: int) -> str:
    """As many bytes of it at most; a letter is not cut."""
    return text if len(text) * 4 <= most else text.encode()[:most].decode(errors="ignore")
