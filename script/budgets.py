"""Enforce the budgets of size, names and imports that keep the code a house."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("config", "gmail", "mailsync", "syncjobs")
LINES_PER_MODULE, LINES_PER_FUNCTION = 300, 40
MEDIAN_PER_MODULE, MEDIAN_PER_FUNCTION = 80, 8
SAYS_NOTHING = {
    "manager",
    "managers",
    "helper",
    "helpers",
    "util",
    "utils",
    "common",
    "core",
    "base",
    "handler",
    "handlers",
}
_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_SENTENCE_END = re.compile(r"[.!?](?=\s+[A-Z])")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def main() -> int:
    """1 when a budget is exceeded, with one line per place."""
    complaints: list[str] = []
    modules: list[int] = []
    functions: list[int] = []
    for path in sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        if "migrations" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        if text.strip():
            modules.append(len(text.splitlines()))
        functions += [length(node) for node in ast.walk(tree) if isinstance(node, Function)]
        complaints += [f"{path.relative_to(ROOT)}:{line}: {what}" for line, what in judge(path.stem, text, tree)]
    complaints += medians(modules, functions)
    print("\n".join(complaints) if complaints else f"{len(modules)} modules, {len(functions)} functions: within budget")
    return 1 if complaints else 0


def judge(name: str, text: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """What is wrong with one module, by line."""
    if text.strip():
        yield from judge_docstring(ast.get_docstring(tree))
    if (lines := len(text.splitlines())) > LINES_PER_MODULE:
        yield lines, f"{lines} lines, above {LINES_PER_MODULE}"
    if says_nothing(name):
        yield 1, f"the module's name {name} says nothing"
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and says_nothing(node.name):
            yield node.lineno, f"the class's name {node.name} says nothing"
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            yield node.lineno, "import *"
        if isinstance(node, Function):
            yield from judge_function(node)


def judge_docstring(docstring: str | None) -> Iterator[tuple[int, str]]:
    """A module says its responsibility in one sentence; what follows an empty line is explanation."""
    first = (docstring or "").strip().split("\n\n")[0]
    if not first:
        yield 1, "no docstring"
    elif _SENTENCE_END.search(first):
        yield 1, "the docstring is more than one sentence"
    elif not first.endswith((".", "?", "!", ":")):
        yield 1, "the docstring is no sentence"


def judge_function(node: Function) -> Iterator[tuple[int, str]]:
    """Its length, and imports inside it, which dodge a cycle."""
    if length(node) > LINES_PER_FUNCTION:
        yield node.lineno, f"{node.name} has {length(node)} lines, above {LINES_PER_FUNCTION}"
    for inner in ast.walk(node):
        if isinstance(inner, ast.Import | ast.ImportFrom):
            yield inner.lineno, f"import inside {node.name}"


def length(node: Function) -> int:
    """Lines from `def` to the end, the docstring aside."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node) is not None and len(node.body) > 1:
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def says_nothing(name: str) -> bool:
    """Whether a word of the name is one of those that fit anything."""
    return any(word.lower() in SAYS_NOTHING for word in _WORD.findall(name))


def medians(modules: list[int], functions: list[int]) -> Iterator[str]:
    """What is wrong with the whole."""
    if modules and median(modules) > MEDIAN_PER_MODULE:
        yield f"modules: a median of {median(modules):.0f} lines, above {MEDIAN_PER_MODULE}"
    if functions and median(functions) > MEDIAN_PER_FUNCTION:
        yield f"functions: a median of {median(functions):.0f} lines, above {MEDIAN_PER_FUNCTION}"


if __name__ == "__main__":
    sys.exit(main())
