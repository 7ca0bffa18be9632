"""Which MIME structure a letter has."""

from random import Random
from urllib.parse import quote

from gmail.simulator.letters import encoding
from gmail.simulator.letters.parts import Attachment, Fixed, Multipart, Part, Text
from gmail.simulator.letters.plan import Thread

HTML_FROM = 3_600
ATTACH_FROM = 30_000
FILES = (
    ("application/pdf", "report.pdf"),
    ("image/jpeg", "IMG_2041.jpg"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "Entwurf für März.docx"),
    ("application/zip", "photos.zip"),
    ("image/png", "screenshot.png"),
    ("application/vnd.ms-excel", "预算表.xls"),
    ("application/octet-stream", "backup.bin"),
    ("audio/mpeg", "interview.mp3"),
)
STYLE = (
    "<!DOCTYPE html>\n<html><head><meta charset='{charset}'><style>body{{font-family:Arial,sans-serif;color:#202124;"
    "max-width:640px;margin:0 auto}}h1{{font-size:22px}}p{{line-height:1.5}}.foot{{color:#80868b;font-size:12px}}"
    "</style></head>\n<body>\n<h1>{title}</h1>\n"
)
FOOT = (
    "<p class='foot'><a href='https://www.example.com/u/{token}'>Unsubscribe</a> &middot; "
    "<a href='https://www.example.com/v/{token}'>View in browser</a></p>\n"
    "<img src='https://www.example.com/o/{token}.gif' width='1' height='1' alt=''>\n</body></html>\n"
)


def build(plan: Thread, target: int, draw: Random, texts: tuple[str, str]) -> Part:
    """The empty structure of a letter of `target` bytes; `texts` stand before and after its paragraphs."""
    charset = draw.choice(plan.tongue.charsets)
    transfer = encoding.transfer_encoding(plan.tongue.code, charset, eight_bit=draw.random() < 0.08)
    plain = _plain(charset, transfer, texts)
    body = _body(plan, target, draw, plain)
    if target >= ATTACH_FROM or (
        target >= HTML_FROM and plan.kind in ("talk", "personal", "sent") and draw.random() < 0.15
    ):
        return Multipart("mixed", _boundary(draw), [body, _file(draw)])
    return body


def _body(plan: Thread, target: int, draw: Random, plain: Text) -> Part:
    if target < HTML_FROM:
        return plain
    if plan.kind == "invitation":
        return Multipart("mixed", _boundary(draw), [plain, _calendar(plan, draw)])
    if plan.kind == "forward":
        return Multipart("mixed", _boundary(draw), [plain, _forwarded(plan, draw)])
    if plan.kind == "bounce":
        return Multipart("report; report-type=delivery-status", _boundary(draw), [plain, *_report(plan, draw)])
    if plan.kind in ("newsletter", "notification", "receipt", "spam"):
        html = _html(plan, plain, draw)
        return html if draw.random() < 0.3 else _alternative(draw, plain, html)
    if plan.kind != "list" and draw.random() < 0.5:
        return _alternative(draw, plain, _simple_html(plain))
    return plain


def _alternative(draw: Random, plain: Text, html: Text) -> Part:
    rich: Part = html
    if draw.random() < 0.15:
        logo = Attachment(
            "image/png",
            '; name="logo.png"',
            'inline; filename="logo.png"',
            draw.getrandbits(20),
            780,
            "Content-ID: <logo@mail>\r\n",
        )
        rich = Multipart("related", _boundary(draw), [html, logo])
    return Multipart("alternative", _boundary(draw), [plain, rich])


def _plain(charset: str, transfer: str, texts: tuple[str, str]) -> Text:
    part = Text("plain", charset, transfer)
    part.before, part.after = (encoding.block(text, charset, transfer) for text in texts)
    return part


def _html(plan: Thread, plain: Text, draw: Random) -> Text:
    part = Text("html", plain.charset, plain.transfer, wrap=("<p>", "</p>\n"))
    title = STYLE.format(charset=plain.charset, title=plan.subject)
    part.before = encoding.block(title, plain.charset, plain.transfer)
    part.after = encoding.block(FOOT.format(token=f"{draw.getrandbits(64):x}"), plain.charset, plain.transfer)
    return part


def _simple_html(plain: Text) -> Text:
    part = Text("html", plain.charset, plain.transfer, wrap=("<div>", "<br></div>\n"))
    part.before = encoding.block('<div dir="auto">\n', plain.charset, plain.transfer)
    part.after = encoding.block("</div>\n", plain.charset, plain.transfer)
    return part


def _file(draw: Random) -> Attachment:
    mime_type, name = draw.choice(FILES)
    if name.isascii():
        return Attachment(mime_type, f'; name="{name}"', f'attachment; filename="{name}"', draw.getrandbits(20))
    if draw.random() < 0.5:
        return Attachment(mime_type, "", f"attachment; filename*=UTF-8''{quote(name)}", draw.getrandbits(20))
    shown = encoding.word(name, "utf-8")
    return Attachment(mime_type, f';\r\n name="{shown}"', f'attachment;\r\n filename="{shown}"', draw.getrandbits(20))


def _calendar(plan: Thread, draw: Random) -> Fixed:
    day = f"2026{draw.randint(1, 12):02d}{draw.randint(1, 28):02d}"
    return Fixed(
        (
            'Content-Type: text/calendar; charset=utf-8; method=REQUEST; name="invite.ics"\r\n'
            'Content-Disposition: attachment; filename="invite.ics"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n'
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n"
            f"UID:{draw.getrandbits(60):x}@mail.example.com\r\nDTSTART:{day}T090000Z\r\nDTEND:{day}T100000Z\r\n"
            f"SUMMARY:{plan.subject}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        ).encode()
    )


def _forwarded(plan: Thread, draw: Random) -> Fixed:
    return Fixed(
        (
            "Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n"
            f"Message-ID: <{draw.getrandbits(60):x}@mail.example.org>\r\nFrom: Lost Property <desk@example.org>\r\n"
            f"To: someone@example.com\r\nSubject: {encoding.word(plan.subject, 'utf-8')}\r\n"
            "Content-Type: text/plain; charset=us-ascii\r\n\r\nFound on platform four, please collect it soon.\r\n"
        ).encode()
    )


def _report(plan: Thread, draw: Random) -> list[Part]:
    recipient = f"user{draw.randint(10, 99)}@gone.example"
    status = (
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    )
    original = (
        "Content-Type: text/rfc822-headers\r\n\r\n"
        f"To: {recipient}\r\nSubject: {encoding.word(plan.subject, 'utf-8')}\r\n"
    )
    return [Fixed(status.encode()), Fixed(original.encode())]


def _boundary(draw: Random) -> str:
    return f"000000000000{draw.getrandbits(64):016x}"
