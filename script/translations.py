"""Check that every translatable string has its translation, compiled as it stands in the catalogue."""

import ast
import gettext
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "mailsync" / "locale"
MARKERS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}
_TAG = re.compile(r"""\{%\s*(?:trans|translate)\s+(?:"([^"]+)"|'([^']+)')""")
_BLOCK = re.compile(r"\{%\s*blocktrans(?:late)?\b([^%]*)%\}(.*?)\{%\s*(?:plural|endblocktrans(?:late)?)\b", re.DOTALL)


def main() -> int:
    """1 when something is missing, fuzzy or stale, with one line each."""
    catalogues = sorted(LOCALE.glob("*/LC_MESSAGES/django.po"))
    wanted = set(used())
    complaints = [line for path in catalogues for line in judge(path, wanted)]
    print("\n".join(complaints) or f"{len(catalogues)} catalogues, {len(wanted)} strings: complete")
    return 1 if complaints else 0


def judge(path: Path, wanted: set[str]) -> Iterator[str]:
    """What is wrong with one catalogue."""
    where = path.relative_to(ROOT)
    source = dict(entries(path.read_text(encoding="utf-8")))
    yield from (f"{where}: no translation of {text!r}" for text in sorted(wanted) if not source.get(text))
    compiled = path.with_suffix(".mo")
    if not compiled.exists():
        yield f"{where}: not compiled"
        return
    with compiled.open("rb") as file:
        translations = gettext.GNUTranslations(file)
    stale = [text for text in sorted(wanted) if source.get(text) and not _holds(translations, text, source[text])]
    yield from (f"{where}: compiled otherwise: {text!r}" for text in stale)


def _holds(translations: gettext.GNUTranslations, text: str, wanted: str) -> bool:
    """Plurals have a key of their own, which gettext() looks up in newer Pythons only."""
    return wanted in (
        translations.gettext(text),
        translations.ngettext(text, text, 0),
        translations.ngettext(text, text, 1),
    )


def entries(text: str) -> Iterator[tuple[str, str]]:
    """(msgid, first translation) of every entry that is not fuzzy."""
    for block in re.split(r"\n\s*\n", text):
        lines = [line for line in block.splitlines() if not line.startswith("#")]
        if not any(line.startswith("#,") and "fuzzy" in line for line in block.splitlines()):
            yield field(lines, "msgid "), field(lines, "msgstr ") or field(lines, "msgstr[0] ")


def field(lines: list[str], keyword: str) -> str:
    """The text after a keyword, over as many quoted lines as it takes."""
    found, collecting = "", False
    for line in lines:
        if line.startswith(keyword):
            found, collecting = ast.literal_eval(line[len(keyword) :]), True
        elif collecting and line.startswith('"'):
            found += ast.literal_eval(line)
        else:
            collecting = False
    return found


def used() -> Iterator[str]:
    """Every string that code and templates mark for translation."""
    for package in ("config", "mailsync", "syncjobs"):
        for path in (ROOT / package).rglob("*.py"):
            yield from in_python(ast.parse(path.read_text(encoding="utf-8")))
        for path in (ROOT / package).rglob("templates/**/*.*"):
            if path.is_file():
                yield from in_template(path.read_text(encoding="utf-8"))


def in_python(tree: ast.Module) -> Iterator[str]:
    """The literal arguments of gettext and its kin; with a context, the text follows it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := getattr(node.func, "id", getattr(node.func, "attr", ""))) in MARKERS:
            texts = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            texts = [text for text in texts if isinstance(text, str)][1 if name.startswith("pgettext") else 0 :]
            yield from texts[:1]


def in_template(text: str) -> Iterator[str]:
    """The strings of `translate` and `blocktranslate`, written as Django's makemessages writes them."""
    yield from (double or single for double, single in _TAG.findall(text))
    for options, body in _BLOCK.findall(text):
        if "trimmed" in options:
            body = " ".join(line.strip() for line in body.strip().splitlines() if line.strip())
        yield re.sub(r"\{\{\s*(\w+)\s*\}\}", r"%(\1)s", body.replace("%", "%%"))


if __name__ == "__main__":
    sys.exit(main())
