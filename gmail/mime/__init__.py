"""Read raw messages, whatever they hold: nothing here raises, everything is bounded.

Every string that comes out is free of NUL and lone surrogates, which Postgres refuses.
"""

from gmail.mime.mail import Address, Attachment, ParsedMail
from gmail.mime.reader import attachment_bytes, parse

__all__ = ["Address", "Attachment", "ParsedMail", "attachment_bytes", "parse"]
