"""Read a list of mailboxes (RFC 5322, section 3.4) in one pass, as malformed as it comes."""

import re
from collections.abc import Iterable, Iterator

from gmail.mime import words
from gmail.mime.mail import Address

MOST_ADDRESSES = 2000
MOST_COMMAS = 3  # in one name
LONGEST = 256 * 1024
LONGEST_PART = 320  # characters of one name or address, which RFC 5321 allows no longer; a search compares each in full
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)("?)|<([^<>]*)>?|([,;])|(:)|([()])|([^",;:<>()]+)|.', re.S)
_ESCAPE = re.compile(r"\\(.)", re.S)
_WHITE = re.compile(r"\s+")


def mailboxes(line: str, defects: set[str]) -> tuple[Address, ...]:
    """The addresses of a From, To or Cc; group names are dropped, their members kept."""
    if len(line) > LONGEST:
        defects.add("addresses_truncated")
    found: list[Address] = []
    for address in _people(_read(line[:LONGEST], defects)):
        if len(found) == MOST_ADDRESSES:
            defects.add("addresses_truncated")
            break
        found.append(address)
    return tuple(found)


def _people(found: Iterable[tuple[Address, str | None]]) -> Iterator[Address]:
    """Names that a comma parts from their address are one: "Doe, John <j@x>", which lost its quotes or encoding."""
    surnames: list[str] = []
    for address, ended_by in found:
        if not address.email and ended_by == "," and len(surnames) < MOST_COMMAS:
            surnames.append(address.name)
        elif address.email and address.name and surnames:
            yield Address(", ".join([*surnames, address.name]), address.email)
            surnames = []
        else:
            yield from (Address(name, "") for name in surnames)
            yield address
            surnames = []
    yield from (Address(name, "") for name in surnames)


def _read(line: str, defects: set[str]) -> Iterator[tuple[Address, str | None]]:
    """Each entry with the separator that ended it."""
    phrase: list[str] = []
    comment: list[str] = []
    angle, depth = None, 0
    for quoted, inner, separator, colon, bracket, plain in _tokens(line):
        if bracket:
            depth = max(0, depth + (1 if bracket == "(" else -1))
        elif depth:
            comment.append(quoted or inner or separator or plain or "")
        elif separator:
            yield from ((address, separator) for address in _address(phrase, comment, angle, defects))
            phrase, comment, angle = [], [], None
        elif colon:
            phrase = []
        elif inner is not None:
            angle = inner if angle is None else angle
        elif quoted is not None:
            phrase.append(_ESCAPE.sub(r"\1", quoted))
        elif plain:
            phrase.append(plain)
    yield from ((address, None) for address in _address(phrase, comment, angle, defects))


def _tokens(line: str) -> Iterator[tuple[str | None, ...]]:
    for token in _TOKEN.finditer(line):
        quoted, closing, *others = token.groups()
        if quoted is not None and not closing:
            # The last quote has no partner: without any, the address behind it is found all the same.
            yield from _tokens(line[token.start() :].replace('"', ""))
            return
        yield (quoted, *others)


def _address(phrase: list[str], comment: list[str], angle: str | None, defects: set[str]) -> Iterator[Address]:
    shown = _name("".join(phrase), defects)
    if angle is not None:
        # "<@relay,@relay:user@host>" is RFC 822's source route.
        email = angle.rpartition(":")[2] if angle.startswith("@") else angle
        yield from _unless_empty(shown, _WHITE.sub("", words.decode_words(email, defects)), defects)
    elif "@" in shown:
        yield from _unless_empty(_name("".join(comment), defects), _WHITE.sub("", shown), defects)
    else:
        yield from _unless_empty(shown, "", defects)


def _unless_empty(name: str, email: str, defects: set[str]) -> Iterator[Address]:
    if max(len(name), len(email)) > LONGEST_PART:
        defects.add("addresses_truncated")
    if name or email:
        yield Address(name[:LONGEST_PART], email[:LONGEST_PART])


def _name(text: str, defects: set[str]) -> str:
    return _WHITE.sub(" ", words.decode_words(text, defects)).strip().strip("'").strip()
