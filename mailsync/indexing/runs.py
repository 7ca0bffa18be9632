"""Cut runs of Chinese, Japanese and Korean into pairs of letters: their words are not parted by blanks.

A run of one letter or more is indexed as each two neighbours, and its last letter alone. So each letter of it begins
something: it is found by prefix, and a word of two letters or more by its pairs. In Korean, which has blanks, this finds
a word whatever particle sticks to it. What stands in a subject or a name is indexed once more with a mark before it: a
word may be frequent in mail and rare in subjects.
"""

import re
from collections.abc import Iterator
from itertools import islice

MOST_PAIRS = 50_000  # different ones, of one mail: a book has as many; PostgreSQL takes no more than 1 MB of them
MOST_MARKED = 10_000
IN_SUBJECT, IN_NAMES = "s", "n"  # marks: no word of a run begins so
LETTERS = (
    "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff\u3131-\u318e"  # Hangul
    "\u3041-\u3096\u3099\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\U0001aff0-\U0001b16f"  # Kana
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
    "\u3105-\u312f\u31a0-\u31bf"  # Bopomofo
)
RUN = re.compile(f"[{LETTERS}]+")
_FAR = re.compile("[^\x00-\u10ff]")  # all of them are: the look at one range is soon over


def has_run(text: str) -> bool:
    """Whether any of these scripts is in it."""
    if text.isascii() or not (far := _FAR.search(text)):
        return False
    return RUN.search(text, far.start()) is not None


def without_runs(text: str) -> str:
    """The other words: server and locale decide differently what letters of these scripts are part of."""
    return RUN.sub(" ", text)


def pairs(text: str, mark: str = "") -> list[str]:
    """What is indexed of the runs in folded text, each once, with the mark before it."""
    found: set[str] = set()
    most = MOST_MARKED if mark else MOST_PAIRS
    for match in RUN.finditer(text):
        found.update(_of(match[0]))
        if len(found) >= most:
            break
    return [mark + pair for pair in islice(found, most)]


def tsquery(text: str, mark: str = "") -> str:
    """What has all the pairs of the runs in folded text, in PostgreSQL's own notation; needs no parser."""
    runs = RUN.findall(text)
    every = {f"'{mark}{pair}'" for run in runs for pair in _neighbours(run)}
    every |= {f"'{mark}{run}':*" for run in runs if len(run) == 1}
    return " & ".join(sorted(every))


def is_exact(text: str) -> bool:
    """Whether what has its pairs has this text itself."""
    return len(text) <= 2 and RUN.fullmatch(text) is not None


def _of(run: str) -> Iterator[str]:
    yield from _neighbours(run)
    yield run[-1]


def _neighbours(run: str) -> Iterator[str]:
    return map(str.__add__, run, run[1:])
