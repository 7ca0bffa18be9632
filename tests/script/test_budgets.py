import ast
from collections.abc import Callable
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def budgets(load_script: Callable[[str], ModuleType]) -> ModuleType:
    return load_script("budgets")


def complaints(budgets: ModuleType, text: str, name: str = "letters") -> list[str]:
    return [what for _, what in budgets.judge(name, text, ast.parse(text))]


def test_a_plain_module_is_within_budget(budgets: ModuleType) -> None:
    assert (
        complaints(budgets, '"""Read a letter, e.g. from disk."""\n\nimport os\n\n\ndef read():\n    return os\n') == []
    )
    assert complaints(budgets, "") == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("x = 1\n", "no docstring"),
        ('"""Read it. Write it."""\n', "the docstring is more than one sentence"),
        ('"""reading"""\n', "the docstring is no sentence"),
        ('"""Read."""\nfrom os import *\n', "import *"),
        ('"""Read."""\ndef f():\n    import os\n', "import inside f"),
        ('"""Read."""\nclass MailManager: ...\n', "the class's name MailManager says nothing"),
        ('"""Read."""\ndef f():\n' + "    x = 1\n" * 40, "f has 41 lines, above 40"),
        ('"""Read."""\n' + "x = 1\n" * 300, "301 lines, above 300"),
    ],
)
def test_each_budget_is_enforced(budgets: ModuleType, text: str, complaint: str) -> None:
    assert complaints(budgets, text) == [complaint]


@pytest.mark.parametrize(
    ("name", "bad"), [("utils", True), ("mail_helper", True), ("database", False), ("scored", False)]
)
def test_a_module_is_named_for_what_it_does(budgets: ModuleType, name: str, bad: bool) -> None:
    assert bool(complaints(budgets, '"""Read."""\n', name)) is bad


def test_medians_are_enforced(budgets: ModuleType) -> None:
    assert list(budgets.medians([80, 80], [8, 8])) == []
    assert len(list(budgets.medians([81, 81], [9, 9]))) == 2
