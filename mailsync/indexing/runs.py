"""Runs of Chinese, Japanese, Korean, Thai and their like: no blanks part their words, so pairs of letters are indexed.

A run is indexed as each two neighbours, and its last letter alone. So each letter of it begins something: it is found by
prefix, and a word of two letters or more by its pairs. In Korean, which has blanks, this finds a word whatever particle
sticks to it. What stands in a subject or a name is indexed once more with a mark before it: a word may be frequent in mail
and rare in subjects. `mailsync_terms` in the database cuts what is kept, this module what is asked for.
"""

import re
from itertools import pairwise

IN_SUBJECT, IN_NAMES = "s", "n"  # marks: no word of a run begins so
LETTERS = (
    "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff\u3131-\u318e"  # Hangul
    "\u3041-\u3096\u3099\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\U0001aff0-\U0001b16f"  # Kana
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
    "\u3105-\u312f\u31a0-\u31bf"  # Bopomofo
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ebd\u0ec0-\u0ecd\u0edc-\u0edf"  # Thai, Lao
    "\u1780-\u17d3\u17d7\u17dc\u17dd"  # Khmer
    "\u1000-\u103f\u1050-\u108f\u109a-\u109d\ua9e0-\ua9ef\uaa60-\uaa76\uaa7a-\uaa7f"  # Burmese
)
RUN = re.compile(f"[{LETTERS}]+")
_FAR = re.compile("[^\x00-\u0e00]")  # all of them are: the look at one range is soon over


def has_run(text: str) -> bool:
    """Whether any of these scripts is in it."""
    if text.isascii() or not (far := _FAR.search(text)):
        return False
    return RUN.search(text, far.start()) is not None


def terms(run: str, mark: str = "") -> set[str]:
    """What the index has of each text with this run in it, where `mark` says, in PostgreSQL's notation."""
    if len(run) == 1:
        return {f"'{mark}{run}':*"}
    return {f"'{mark}{one}{next_}'" for one, next_ in pairwise(run)}
