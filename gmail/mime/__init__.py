"""Read messages, raw or in Gmail's own tree, whatever they hold: nothing here raises, everything is bounded.

Every string that comes out is free of NUL and lone surrogates, which Postgres refuses.
"""

from gmail.mime.inline import inline_pictures
from gmail.mime.mail import Address, Attachment, ParsedMail
from gmail.mime.payload import from_payload
from gmail.mime.reader import attachment_bytes, parse

__all__ = ["Address", "Attachment", "ParsedMail", "attachment_bytes", "from_payload", "inline_pictures", "parse"]
