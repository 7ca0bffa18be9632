"""Read a mail with each parser that there is, as much of it as a mirror shows; needs only Python and that parser."""

import email
import email.header
import email.policy
import email.utils
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any


@dataclass(frozen=True, slots=True)
class Seen:
    """What a parser made of a mail: addresses in lower case, unix seconds, (file name, size) in order of name."""

    subject: str
    from_: str
    to: list[str]
    date: int | None
    attachments: list[tuple[str, int]]
    garbled: bool  # a character is lost


LOST = "\ufffd"
Reader = Callable[[ModuleType, bytes], Seen]


def ours(mime: Any, raw: bytes) -> Seen:
    mail = mime.parse(raw)
    files = [(each.filename, each.size) for each in mail.attachments]
    text = mail.text + mail.html
    return seen(mail.subject, [mail.from_.email], [each.email for each in mail.to], mail.date, files, text)


def old(module: ModuleType, raw: bytes) -> Seen:
    """The standard library as it was before 3.3 and still is by default."""
    mail = email.message_from_bytes(raw)
    files, text = [], ""
    for part in mail.walk():
        if not part.is_multipart():
            data = part.get_payload(decode=True) or b""
            if part.get_content_maintype() == "text":
                text += data.decode(part.get_content_charset("utf-8"))
            if name := part.get_filename():
                files.append((decoded(name), len(data)))
    date = mail["date"] and email.utils.parsedate_to_datetime(mail["date"])
    addresses = {name: email.utils.getaddresses([str(mail[name] or "")]) for name in ("from", "to")}
    from_, to = ([address for _, address in addresses[name]] for name in ("from", "to"))
    return seen(decoded(mail["subject"] or ""), from_, to, date, files, text)


def decoded(text: Any) -> str:
    return str(email.header.make_header(email.header.decode_header(text)))


def new(module: ModuleType, raw: bytes) -> Seen:
    """The standard library with `policy.default`."""
    mail: Any = email.message_from_bytes(raw, policy=email.policy.default)
    files, text = [], ""
    for part in mail.walk():
        if not part.is_multipart():
            content = part.get_content()
            text += content if isinstance(content, str) else ""
            if name := part.get_filename():
                files.append((name, len(content)))
    addresses = ([each.addr_spec for each in mail[name].addresses] if mail[name] else [] for name in ("from", "to"))
    date = mail["date"].datetime if mail["date"] else None
    return seen(str(mail["subject"] or ""), *addresses, date, files, text)


def rust(module: Any, raw: bytes) -> Seen:
    mail = module.parse_email(raw)
    files = [(each.filename or "", len(each.content)) for each in mail.attachments]
    from_ = [mail.from_.address] if mail.from_ else []
    return seen(
        mail.subject,
        from_,
        [each.address for each in mail.to],
        mail.date_parsed,
        files,
        "".join(mail.text_plain + mail.text_html),
    )


def mailparser(module: Any, raw: bytes) -> Seen:
    mail = module.parse_from_bytes(raw)
    text = "".join(mail.text_plain + mail.text_html)
    files = [(each["filename"], size_of(each)) for each in mail.attachments]
    from_, to = ([address for _, address in found] for found in (mail.from_, mail.to))
    return seen(mail.subject, from_, to, mail.date, files, text)


def size_of(attachment: Any) -> int:
    """Its payload is still in base64 when it is binary."""
    payload = attachment["payload"]
    return (
        len(email.message_from_string(f"Content-Transfer-Encoding: base64\n\n{payload}").get_payload(decode=True))
        if attachment["binary"]
        else len(payload)
    )


def flanker(module: Any, raw: bytes) -> Seen:
    mail = module.from_string(raw)
    files, text = [], ""
    for part in mail.walk(with_self=True):
        body = part.body
        text += body if isinstance(body, str) else ""
        if part.is_attachment() or part.is_inline():
            files.append((part.detected_file_name, len(body or b"")))
    date = mail.headers.get("Date") and email.utils.parsedate_to_datetime(mail.headers.get("Date"))
    addresses = (email.utils.getaddresses([mail.headers.get(name) or ""]) for name in ("From", "To"))
    from_, to = ([address for _, address in found] for found in addresses)
    return seen(mail.subject or "", from_, to, date, files, text)


def seen(
    subject: str, from_: Iterable[str], to: Iterable[str], date: Any, files: Iterable[tuple[str, int]], text: str
) -> Seen:
    """Alike where parsers differ in taste only."""
    return Seen(
        " ".join(subject.split()),
        next(iter(from_), "").lower(),
        [address.lower() for address in to if address],
        int(date.timestamp()) if date else None,
        sorted((name or "", size) for name, size in files if name),
        LOST in subject + text,
    )


CONTESTANTS: dict[str, tuple[str, Reader]] = {
    "gmail.mime (ours)": ("gmail.mime", ours),
    "email, compat32": ("email", old),
    "email, policy.default": ("email", new),
    "fast-mail-parser": ("fast_mail_parser", rust),
    "mail-parser": ("mailparser", mailparser),
    "flanker": ("flanker.mime", flanker),
}
