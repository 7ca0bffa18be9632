"""Read structured headers: a value with parameters (RFC 2045), their continuations with charsets (RFC 2231)."""

import re
import urllib.parse
from dataclasses import dataclass, field

from gmail.mime import charsets, words

_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*"?|[^;]*)', re.S)
_SECTION = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*)?")
_ESCAPE = re.compile(r"\\(.)", re.S)
_MOST_PARAMETERS = 200
LONGEST = 16_384


@dataclass(frozen=True, slots=True)
class Structured:
    """A structured header; value and names of parameters are in lower case."""

    value: str = ""
    parameters: dict[str, str] = field(default_factory=dict)


def structured(raw: bytes | None, defects: set[str]) -> Structured:
    """Read a Content-Type or Content-Disposition; None is an absent one."""
    if raw is None:
        return Structured()
    if len(raw) > LONGEST:
        defects.add("header_truncated")
    return of_line(words.unfolded(raw[:LONGEST], defects), defects)


def of_line(line: str | None, defects: set[str]) -> Structured:
    """Read such a header from its unfolded line; None is an absent one."""
    if line is None:
        return Structured()
    if len(line) > LONGEST:
        defects.add("header_truncated")
    line = line[:LONGEST]
    value = line.partition(";")[0].strip().lower()
    return Structured(value, _parameters(line, defects))


def _parameters(line: str, defects: set[str]) -> dict[str, str]:
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for index, found in enumerate(_PARAMETER.finditer(line)):
        if index == _MOST_PARAMETERS:
            defects.add("parameters_truncated")
            break
        section = _SECTION.fullmatch(found[1].lower())
        if section and (section[2] or section[3]):
            part = (_unquoted(found[2]), bool(section[3]))
            sections.setdefault(section[1], {}).setdefault(int(section[2] or 0), part)
        else:
            plain.setdefault(found[1].lower(), words.decode_words(_unquoted(found[2]), defects).strip())
    return plain | {name: _joined(parts, defects) for name, parts in sections.items()}


def _unquoted(value: str) -> str:
    value = value.strip()
    if not value.startswith('"'):
        return value
    return _ESCAPE.sub(r"\1", value[1:-1] if len(value) > 1 and value.endswith('"') else value[1:])


def _joined(parts: dict[int, tuple[str, bool]], defects: set[str]) -> str:
    """The sections in order; the first encoded one names the charset: charset'language'%41%42."""
    charset, data = "", b""
    for number, index in enumerate(sorted(parts)):
        value, encoded = parts[index]
        if number == 0 and encoded and value.count("'") >= 2:
            charset, _, value = value.split("'", 2)
        data += urllib.parse.unquote_to_bytes(value) if encoded else value.encode("utf-8", "replace")
    text, defect = charsets.decode(data, charset or "utf-8")
    if defect:
        defects.add(f"header_{defect}")
    return text.strip()
