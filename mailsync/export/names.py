"""Name the files of an export so that no mail can choose where it lands."""

import re
import unicodedata
from datetime import UTC

from mailsync.models import Message

LONGEST_SUBJECT = 80  # bytes of UTF-8; a file's name may have 255
_STRANGE = re.compile(r"[^A-Za-z0-9@._+-]")


def eml_name(message: Message) -> str:
    """`YYYY/MM/YYYY-MM-DD_HHMMSS_subject_ID.eml` in UTC: the same for the same mail for ever, of no two mails the same."""
    moment = message.internal_date.astimezone(UTC)
    words = slug(message.subject)
    parts = [f"{moment:%Y-%m-%d_%H%M%S}", *([words] if words else []), plain(message.gmail_id)]
    return f"{moment:%Y/%m}/{'_'.join(parts)}.eml"


def maildir_name(message: Message) -> str:
    """The unique part of the name in a Maildir, the same for the same mail for ever."""
    return f"{int(message.internal_date.timestamp())}.{plain(message.gmail_id)}.mailsync"


def slug(subject: str) -> str:
    """The letters and digits of a subject, of any script, parted by hyphens."""
    text = unicodedata.normalize("NFC", subject[:500])
    words = "".join(character if character.isalnum() or _is_mark(character) else "-" for character in text)
    joined = re.sub("-+", "-", words).encode("utf-8", "ignore")[:LONGEST_SUBJECT]
    return joined.decode("utf-8", "ignore").strip("-")


def plain(text: str) -> str:
    """An address or id as a part of a file's name: never empty, hidden or a path."""
    return _STRANGE.sub("_", text)[:100].lstrip(".-") or "_"


def _is_mark(character: str) -> bool:
    """An accent or vowel sign, without which some scripts cannot be read."""
    return unicodedata.category(character) in {"Mn", "Mc"}
