"""One letter written out, byte for byte as long as its plan says."""

from email.utils import formatdate
from random import Random

from gmail.simulator.letters import encoding, forms, opaque
from gmail.simulator.letters.draw import dice
from gmail.simulator.letters.parts import Multipart, Part, attachment, texts
from gmail.simulator.letters.plan import Thread, message_id, opening, opening_place, writer
from gmail.simulator.letters.tongue import PARAGRAPHS

PADDING = b"X-Gm-Message-State"
PADDING_LEAST = len(PADDING) + 6
STRIDES = (1, 5, 7, 11, 13, 17, 19, 23)
"""Steps through the paragraphs that come to each of them before any comes twice."""


def compose(plan: Thread, position: int, *, owner: str, target: int, arrived: int) -> bytes:
    """The RFC 5322 bytes of a letter; `arrived` is in milliseconds since 1970, `target` its exact size."""
    draw = dice(plan.seed, plan.number, position, 11)
    part = forms.build(plan, target, draw, _frame(plan, position))
    head = _headers(plan, position, owner, arrived, draw)
    room = target - len(head) - len(part.render()) - PADDING_LEAST
    if room < 0:
        part = _shortest(part)
        room = target - len(head) - len(part.render()) - PADDING_LEAST
    _fill(plan, position, part, room, draw)
    body = part.render()
    return head + opaque.header(PADDING, target - len(head) - len(body)) + body


def _shortest(part: Part) -> Part:
    """The plain text alone, for a letter whose structure does not fit its size."""
    while isinstance(part, Multipart):
        part = part.parts[0]
    return part


def _fill(plan: Thread, position: int, part: Part, room: int, draw: Random) -> None:
    """Paragraphs until `room` is used up; an attachment takes half of it, or what more than a page of text would."""
    takers, file = texts(part), attachment(part)
    written = room if file is None else min(room // 2, 6_000)
    tables = [taker.blocks(plan.tongue) for taker in takers]
    factors = [encoding.expansion(taker.transfer) for taker in takers]
    place, stride = opening_place(plan, position), draw.choice(STRIDES)
    # The end of a base64 body may need four bytes more than its share.
    left = float(written - 4 * len(takers))
    while True:
        left -= sum([len(table[place]) * factor for table, factor in zip(tables, factors, strict=True)])
        if left < 0:
            break
        for taker, table in zip(takers, tables, strict=True):
            taker.content.append(table[place])
        place = (place + stride) % PARAGRAPHS
    if file is not None:
        file.room += room - written


def _frame(plan: Thread, position: int) -> tuple[str, str]:
    """What stands before and after the paragraphs: the greeting; the name and what is answered."""
    who = writer(plan, position)
    signature = f"{plan.tongue.closing}\n{_given(plan, who)}\n" if plan.kind in ("talk", "personal", "sent") else ""
    return plan.tongue.greeting + "\n\n", signature + _quoted(plan, position)


def _given(plan: Thread, who: int) -> str:
    return plan.people[who][0] if who >= 0 else ""


def _quoted(plan: Thread, position: int) -> str:
    if position == 0:
        return ""
    name = plan.people[max(writer(plan, position - 1), 0)][0]
    return f"\n{plan.tongue.wrote.format(name=name)}\n> {opening(plan, position - 1)}\n"


def _headers(plan: Thread, position: int, owner: str, arrived: int, draw: Random) -> bytes:
    charset = "utf-8" if draw.random() < 0.6 else plan.tongue.charsets[-1]
    who = writer(plan, position)
    people = [encoding.address(name, email, charset) for name, email in plan.people]
    lines = [
        f"Delivered-To: {owner}",
        f"Received: from mx{draw.randint(1, 9)}.example.net (mx.example.net [192.0.2.{draw.randint(1, 250)}])\r\n"
        f" by mx.google.com with ESMTPS id {draw.getrandbits(60):015x};\r\n {formatdate(arrived / 1000)}",
        f"From: {people[who] if who >= 0 else owner}",
        f"To: {', '.join(people) if who < 0 else owner}",
        f"Subject: {'Re: ' if position else ''}{encoding.word(plan.subject, charset)}",
        f"Date: {formatdate(arrived / 1000 - draw.randint(0, 40))}",
        f"Message-ID: {message_id(plan, position)}",
        *_references(plan, position),
        *_bulk(plan),
        "MIME-Version: 1.0",
    ]
    return "\r\n".join(lines).encode() + b"\r\n"


def _references(plan: Thread, position: int) -> list[str]:
    if position == 0:
        return []
    known = [message_id(plan, earlier) for earlier in range(max(0, position - 8), position)]
    return [f"In-Reply-To: {known[-1]}", "References: " + "\r\n ".join(known)]


def _bulk(plan: Thread) -> list[str]:
    if plan.kind == "list":
        return ["List-Id: Friends of the library <library.lists.example.org>", "Precedence: list"]
    if plan.kind in ("newsletter", "spam"):
        return ["List-Unsubscribe: <https://www.example.com/unsubscribe>", "Precedence: bulk"]
    return []
