"""Damage mail the way that years, gateways and attackers do, reproducibly."""

import re
from collections.abc import Callable
from random import Random
from typing import Any

Damage = Callable[[bytes, bytes, Random], bytes]

CHARSETS = [b"gb2312", b"big5", b"iso-2022-jp", b"shift_jis", b"euc-kr", b"koi8-r", b"utf-7", b"utf-16", b"hz", b"idna"]
CHARSETS += [b"unicode_escape", b"DEFAULT", b"%CHARSET", b"\xff", b"", b"x" * 300]
ENCODINGS = [b"base64", b"quoted-printable", b"x-uuencode", b"8bit", b"rot13", b""]
TYPES = [b"multipart/mixed; boundary=b", b"multipart/alternative", b"multipart/digest; boundary=b", b"message/rfc822"]
TYPES += [b"text/html", b"text/calendar", b"application/ms-tnef; name=winmail.dat", b"message/partial", b"/", b"\0/\0"]
CRUMBS = [b"\0", b"\r", b"\n\n", b"=?utf-7?Q?+2AA-?=", b"=?gb2312?B?/w==?=", b"\xed\xa0\x80", b"\x1b$B", b"--b\n", b'"']
CRUMBS += [
    b"(",
    b"<",
    b"\\",
    b"; ; ; ",
    b"name*0*=utf-8''%00",
    b"begin 644 x\n",
    b"&#0;",
    b"<!--",
    b"<script",
    b"\xff\xfe",
]


def cut(mail: bytes, other: bytes, dice: Random) -> bytes:
    return mail[: dice.randrange(len(mail) + 1)]


def behead(mail: bytes, other: bytes, dice: Random) -> bytes:
    return mail[dice.randrange(len(mail) + 1) :]


def splice(mail: bytes, other: bytes, dice: Random) -> bytes:
    start, at = dice.randrange(len(other) + 1), dice.randrange(len(mail) + 1)
    return mail[:at] + other[start : start + dice.randrange(2000)] + mail[at:]


def repeat(mail: bytes, other: bytes, dice: Random) -> bytes:
    at = dice.randrange(len(mail) + 1)
    return mail[:at] + mail[at : at + dice.randrange(1, 60)] * dice.randrange(2, 200) + mail[at:]


def flood(mail: bytes, other: bytes, dice: Random) -> bytes:
    line = dice.choice(
        [b"X: y\r\n", b"To: a@b\r\n", b" folded\r\n", b"Content-Type: text/html;;;\r\n", b"no field\r\n"]
    )
    return line * dice.randrange(1, 2000) + mail


def nest(mail: bytes, other: bytes, dice: Random) -> bytes:
    """One inside of the other, sometimes between the same delimiters."""
    known = re.search(rb'boundary="?([^"\s;]+)', mail)
    mark = known[1] if known and dice.random() < 0.5 else b"b"
    parts = b"".join(b"--%s\r\n%s\r\n" % (mark, part) for part in (mail, other))
    return b"Content-Type: multipart/mixed; boundary=%s\r\n\r\n%s--%s--\r\n" % (mark, parts, mark)


def crumble(mail: bytes, other: bytes, dice: Random) -> bytes:
    for _ in range(dice.randrange(1, 8)):
        at = dice.randrange(len(mail) + 1)
        mail = mail[:at] + dice.choice(CRUMBS) + mail[at:]
    return mail


def eight_bit(mail: bytes, other: bytes, dice: Random) -> bytes:
    damaged = bytearray(mail)
    for _ in range(min(len(damaged), dice.randrange(1, 60))):
        damaged[dice.randrange(len(damaged))] |= 0x80
    return bytes(damaged)


def swap_charsets(mail: bytes, other: bytes, dice: Random) -> bytes:
    mail = re.sub(rb'charset="?[\w-]*', lambda _: b"charset=" + dice.choice(CHARSETS), mail)
    return re.sub(rb"=\?[\w-]+\?", lambda _: b"=?" + dice.choice(CHARSETS) + b"?", mail)


def swap_types(mail: bytes, other: bytes, dice: Random) -> bytes:
    mail = re.sub(rb"(?i)(content-transfer-encoding: )\S+", lambda found: found[1] + dice.choice(ENCODINGS), mail)
    return re.sub(rb"(?i)(content-type: )[^\r\n;]+", lambda found: found[1] + dice.choice(TYPES), mail, count=2)


def line_ends(mail: bytes, other: bytes, dice: Random) -> bytes:
    return mail.replace(b"\r\n", dice.choice([b"\r", b"\n", b"\r\r\n", b"\n\r", b"\0\n"]))


DAMAGES: list[Damage] = [
    cut,
    behead,
    splice,
    repeat,
    flood,
    nest,
    crumble,
    eight_bit,
    swap_charsets,
    swap_types,
    line_ends,
]


def damaged(mail: bytes, other: bytes, dice: Random) -> bytes:
    """The mail with one to four damages, at most a quarter of a megabyte of it."""
    for damage in dice.choices(DAMAGES, k=dice.randrange(1, 5)):
        mail = damage(mail, other, dice)
    return mail[:250_000]


JUNK: list[Any] = [
    None,
    True,
    -1,
    1e308,
    "",
    "\0",
    "multipart/mixed",
    "a/b",
    "=?x?B?",
    "\ud800",
    [],
    {},
    [[]],
    {"parts": [{}]},
]


def gnawed(tree: Any, dice: Random) -> Any:
    """The JSON with some of its values exchanged, doubled or gone."""
    if dice.random() < 0.03:
        return dice.choice(JUNK)
    if isinstance(tree, dict):
        return {key: gnawed(value, dice) for key, value in tree.items() if dice.random() > 0.03}
    if isinstance(tree, list):
        return [gnawed(value, dice) for value in tree for _ in range(dice.choice([1] * 20 + [0, 2, 3]))]
    if isinstance(tree, str) and tree and dice.random() < 0.1:
        at = dice.randrange(len(tree))
        return tree[:at] + dice.choice(["", "\0", "\ud800", "=", "é", ";", '"']) + tree[at + dice.randrange(3) :]
    return tree
