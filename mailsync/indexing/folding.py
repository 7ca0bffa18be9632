"""Fold text, so that what reads alike is alike: wide and narrow letters, capitals, what nobody sees.

Done here and not by the server, which knows the letters of its locale only: in the locale C it knows ASCII.
"""

import re
import unicodedata

# Soft hyphens, blanks without width, variants of a letter.
UNSEEN = re.compile("[\u00ad\u200b\u2060\ufeff\ufe00-\ufe0f\U000e0100-\U000e01ef]")
MOST_MARKS = 30  # on one letter, as in Unicode's Stream-Safe Text Format: to put them in order takes their square
_SPLIT = "\u0f73\u0f75\u0f81\uff9e\uff9f"  # letters by their class that NFKC makes marks of
_MANY = re.compile(rf"(?:[^\w\s\x00-\u02ff]|[{_SPLIT}]){{{MOST_MARKS + 1},}}")  # marks, signs and pictures


def folded(text: str) -> str:
    """NFKC without case and without what is not seen; of ASCII, which most mail is, at no cost."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", _MANY.sub(_with_few_marks, UNSEEN.sub("", text))).casefold()


def _with_few_marks(signs: re.Match[str]) -> str:
    kept, marks = [], 0
    for letter in signs[0]:
        marks = marks + 1 if unicodedata.combining(letter) or letter in _SPLIT else 0
        if marks <= MOST_MARKS:
            kept.append(letter)
    return "".join(kept)
