"""The page on threats names tests: each exists, and each threat has one."""

import ast
import re

from config.embedded.home import CHECKOUT

PAGE = (CHECKOUT / "docs" / "threats.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGE)


def test_each_test_that_the_page_names_exists() -> None:
    missing = []
    for path, name in NAMED:
        file = CHECKOUT / path
        tree = ast.parse(file.read_text(encoding="utf-8")) if file.exists() else ast.Module([], [])
        functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        if name not in functions:
            missing.append(f"{path}::{name}")
    assert missing == [] and len(NAMED) > 50


def test_each_threat_has_a_test() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| threat")]
    assert rows and [row for row in rows if "::test_" not in row] == []
