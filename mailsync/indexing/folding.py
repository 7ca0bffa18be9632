"""Fold text, so that what reads alike is alike: wide and narrow letters, capitals, what nobody sees.

Done here and not by the server, which knows the letters of its locale only: in the locale C it knows ASCII.
"""

import re
import unicodedata

# Soft hyphens, blanks without width, variants of a letter.
UNSEEN = re.compile("[\u00ad\u200b\u2060\ufeff\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def folded(text: str) -> str:
    """NFKC without case and without what is not seen; of ASCII, which most mail is, at no cost."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", UNSEEN.sub("", text)).casefold()
