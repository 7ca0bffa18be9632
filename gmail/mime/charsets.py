"""Turn bytes of a declared, wrong or missing charset into clean text."""

import codecs
import re

# What mail calls it -> the superset that its senders really use (https://encoding.spec.whatwg.org/#names-and-labels).
_SUPERSET = {
    "ascii": "ascii",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "hz": "hz",
    "euc_kr": "cp949",
    "johab": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
    "cp950": "big5hkscs",
    "iso2022_jp": "iso2022_jp_ext",
}
_ALIAS = {
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "windows-874": "cp874",
    "x-sjis": "cp932",
    "x-gbk": "gb18030",
    "x-euc-jp": "euc_jp",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "unicode-1-1-utf-7": "utf-7",
    "utf8mb4": "utf-8",
    "ks_c_5601-1987": "cp949",
}
# Codecs of Python that no mail means; some of them are slow by nature.
_NO_CHARSET = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})
_UNCLEAN = re.compile("[\0\ud800-\udfff]")
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_SAMPLE = 4000


def clean(text: str) -> str:
    """The text with a replacement character for each NUL and each lone surrogate."""
    if text.isascii() and "\0" not in text:
        return text
    return _UNCLEAN.sub("\ufffd", text)


def codec(name: str) -> str | None:
    """Python's codec for a charset name in a mail; None for a name that means nothing."""
    name = name.strip().strip("\"'").lower()[:60]
    try:
        found = codecs.lookup(_ALIAS.get(name, name))
    except (LookupError, ValueError, UnicodeError):
        return None
    if found.name.replace("-", "_") in _NO_CHARSET or not found._is_text_encoding:
        return None
    return _SUPERSET.get(found.name, found.name)


def decode(data: bytes, charset: str = "") -> tuple[str, str]:
    """The text, with a defect mark that is empty when the declared charset fits."""
    declared = codec(charset) if charset else "ascii"
    if declared and (text := _strict(data, declared)) is not None:
        return clean(text), ""
    guessed = guess(data)
    mark = "charset_guessed" if declared == "ascii" else "charset_wrong" if declared else "charset_unknown"
    if declared not in (None, "ascii") and guessed != "utf-8" and _multibyte(declared):
        guessed = declared  # a broken character in a long text is likelier than a wrong label
    return clean(_lenient(data, guessed)), f"{mark}:{guessed}"


def _strict(data: bytes, name: str) -> str | None:
    if name == "ascii" and b"\x1b$" in data:
        return None  # 7-bit, yet no ASCII: these are the escapes of ISO-2022
    try:
        return data.decode(name)
    except (UnicodeError, LookupError, ValueError):
        return None


def _lenient(data: bytes, name: str) -> str:
    try:
        return data.decode(name, "replace")
    except (UnicodeError, LookupError, ValueError):
        return data.decode("latin-1")


def _multibyte(name: str | None) -> bool:
    return bool(name) and str(name).startswith(("gb", "big5", "cp9", "euc", "iso2022", "hz"))


def guess(data: bytes) -> str:
    """The likeliest codec of undeclared bytes, by the habits of each script."""
    if b"\x1b$" in data:
        return "iso2022_jp_ext"
    if _mostly_utf8(data):
        return "utf-8"
    sample = data[:_SAMPLE]
    runs = _HIGH_RUN.findall(sample)
    high = b"".join(runs)
    if len(high) <= 1.6 * len(runs):
        return "cp1252"  # single accents among plain letters
    return _cyrillic(high) or _east_asian(data, runs, high) or "cp1252"


def _share(data: bytes, first: int, last: int) -> float:
    return sum(first <= byte <= last for byte in data) / len(data)


def _mostly_utf8(data: bytes) -> bool:
    """Text in another charset hardly ever makes whole UTF-8 sequences; text in UTF-8 may have been cut."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = sum(character > "\x7f" for character in text) - broken
    return whole >= 4 * broken


def _cyrillic(high: bytes) -> str | None:
    """Cyrillic text is mostly small letters: 0xC0-0xDF in KOI8-R, 0xE0-0xFF in Windows-1251."""
    if _share(high, 0xC0, 0xDF) >= 0.7:
        return "koi8_r"
    return "cp1251" if _share(high, 0xE0, 0xFF) >= 0.7 else None


def _east_asian(data: bytes, runs: list[bytes], high: bytes) -> str | None:
    in_pairs = min(high) >= 0xA1 and all(len(run) % 2 == 0 for run in runs)
    if in_pairs:
        # Hangul ends at 0xC8, the common Chinese characters go on to 0xD7.
        leads = high[::2]
        candidates = ["cp949", "gb18030"] if len(leads) >= 4 and _share(leads, 0xB0, 0xC8) == 1 else ["gb18030"]
    else:
        candidates = ["big5hkscs", "cp932", "gb18030"]
    return next((name for name in candidates if _is_written(_strict(data, name))), None)


def _is_written(text: str | None) -> bool:
    """Whether bytes are text in a charset, and none of it of private use: to gb18030 almost any pair is something."""
    return text is not None and not _PRIVATE.search(text)
