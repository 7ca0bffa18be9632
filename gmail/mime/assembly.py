"""Put a ParsedMail together from the lines of a head and a tree of parts."""

from collections.abc import Sequence

from gmail.mime import addresses, charsets, content, dates, words
from gmail.mime.mail import Address, ParsedMail
from gmail.mime.part import Part

NOBODY = Address("", "")
UNREADABLE = ParsedMail("", NOBODY, (), (), None, "", (), "", "", (), ("unreadable",))


def assembled(lines: Sequence[tuple[str, str]], root: Part, defects: set[str]) -> ParsedMail:
    """The mail with these header lines (name, value on one line, words still encoded) and these parts."""
    first = {name.lower(): line for name, line in reversed(lines)}
    body = content.body(root, defects)
    return ParsedMail(
        subject=words.decoded(first.get("subject", ""), defects),
        from_=next(iter(addresses.mailboxes(first.get("from", ""), defects)), NOBODY),
        to=addresses.mailboxes(first.get("to", ""), defects),
        cc=addresses.mailboxes(first.get("cc", ""), defects),
        date=dates.date(words.decoded(first.get("date", ""), defects)),
        message_id=_message_id(words.decoded(first.get("message-id", ""), defects)),
        headers=tuple((name, words.decoded(line, defects)) for name, line in lines),
        text=charsets.clean(content.readable(body)),
        html=body.html or "",
        attachments=tuple(content.attachments(root, defects)),
        defects=tuple(sorted(defects)),
    )


def _message_id(text: str) -> str:
    inner = text.partition("<")[2].partition(">")[0] if "<" in text else text
    return inner.strip()
