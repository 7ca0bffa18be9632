import ast
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

CATALOGUE = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

#: here.py:1
msgid "Sync"
msgstr "同步"

#, fuzzy
msgid "Mail"
msgstr "邮"

msgid ""
"Two "
"lines"
msgstr ""
"两"
"行"

msgid "%(n)s mail"
msgid_plural "%(n)s mails"
msgstr[0] "%(n)s 封"
"""


@pytest.fixture(scope="module")
def translations(load_script: Callable[[str], ModuleType]) -> ModuleType:
    return load_script("translations")


def test_fuzzy_entries_are_no_translations(translations: ModuleType) -> None:
    found = dict(translations.entries(CATALOGUE))
    assert found["Sync"] == "同步" and found["Two lines"] == "两行" and found["%(n)s mail"] == "%(n)s 封"
    assert "Mail" not in found


def test_marked_strings_are_found_in_code(translations: ModuleType) -> None:
    code = "_('a'); gettext_lazy('b'); ngettext('c', 'cs', n); pgettext('context', 'd'); other('e'); _(variable)"
    assert list(translations.in_python(ast.parse(code))) == ["a", "b", "c", "d"]


def test_marked_strings_are_found_in_templates(translations: ModuleType) -> None:
    template = """{% translate "a" %}{% trans 'b' as x %}
    {% blocktranslate count n=n trimmed %}
      {{ n }} mail
      at 5%
    {% plural %}{{ n }} mails{% endblocktranslate %}"""
    assert list(translations.in_template(template)) == ["a", "b", "%(n)s mail at 5%%"]


def test_what_is_missing_or_not_compiled_is_named(
    translations: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(translations, "ROOT", tmp_path)
    path = tmp_path / "django.po"
    path.write_text(CATALOGUE, encoding="utf-8")
    assert list(translations.judge(path, {"Sync", "Mail"})) == [
        "django.po: no translation of 'Mail'",
        "django.po: not compiled",
    ]
