"""Read HTML as text, for mails without a text of their own.

Regular expressions that cannot backtrack across the input keep this linear for hostile input; the result is for
reading and searching, it is never shown as HTML.
"""

import html
import re

from gmail.mime import charsets

_UNSEEN = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style|title|template)\b.*?(?:(?=</\1\b)|\Z)", re.S | re.I)
_BREAK = re.compile(
    r"<(?:br|/?(?:p|div|tr|li|ul|ol|table|blockquote|pre|section|article|header|footer|h[1-6])|hr)\b[^<>]*>", re.I
)
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*(?:>|\Z)")
_SOURCE_BREAK = re.compile(r"\s+")
# Blanks of any kind, and the invisible characters that senders pad previews with.
_BLANKS = re.compile("[ \t\r\f\v\u00a0\u00ad\u034f\u200b-\u200f\u2007\u2060\ufeff]+")
_LINES = re.compile(r" ?\n ?")
_GAPS = re.compile(r"\n{3,}")
LONGEST = 2_000_000  # characters of HTML


def from_html(source: str) -> str:
    """The readable text: one line per block, entities resolved."""
    visible = _SOURCE_BREAK.sub(" ", _UNSEEN.sub(" ", source[:LONGEST]))
    text = html.unescape(_TAG.sub("", _BREAK.sub("\n", visible)))
    text = _LINES.sub("\n", _BLANKS.sub(" ", text))
    return charsets.clean(_GAPS.sub("\n\n", text).strip())
