"""Break one rule of the job protocol in the product's own code: a test by name must notice."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.mutants.laboratory import ROOT, Laboratory, applied
from tests.chaos.mutants.table import MUTANTS, Mutant

LIST = ROOT / "docs" / "mutants.md"
HEADING = """# Mutants of the job protocol

Each of these is the product with one rule broken; each is run, and the tests named beside it fail. This list is what that run saw:
`MUTANTS=write script/test --long tests/chaos/test_mutants.py` writes it.

| Mutant | What it breaks | Caught by |
|---|---|---|
"""

pytestmark = pytest.mark.timeout(300)
observed: dict[str, list[str]] = {}


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    yield Laboratory(tmp_path_factory.mktemp("laboratory"))


def written(seen: dict[str, list[str]]) -> str:
    """The list as a page."""
    rows = []
    for mutant in MUTANTS:
        tests = "<br>".join(f"`{test.rpartition('::')[2]}`" for test in seen[mutant.name])
        rows.append(f"| {mutant.name} | {mutant.breaks} | {tests} |\n")
    return HEADING + "".join(rows)


def test_every_mutant_still_changes_what_it_names() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 14
    for mutant in MUTANTS:
        texts: dict[str, str] = {}
        for change in mutant.changes:
            before = texts.get(change.path) or Path(ROOT, change.path).read_text()
            texts[change.path] = applied(change, before)
            assert texts[change.path] != before
            compile(texts[change.path], change.path, "exec")


@pytest.mark.long  # each of them is run by itself anyway
def test_those_who_catch_pass_on_the_product_as_it_is(laboratory: Laboratory, pytestconfig: pytest.Config) -> None:
    chosen = [mutant for mutant in MUTANTS if mutant.sample or pytestconfig.getoption("--long")]
    named = {test for mutant in chosen for test in mutant.caught_by}
    found = laboratory.run(sorted(named))
    assert not found.failed | found.errors, found.output
    assert found.passed == named, found.output


@pytest.mark.parametrize(
    "mutant",
    [pytest.param(each, id=each.name, marks=[] if each.sample else [pytest.mark.long]) for each in MUTANTS],
)
def test_a_mutant_is_caught_by_every_test_that_it_names(laboratory: Laboratory, mutant: Mutant) -> None:
    found = laboratory.examine(mutant)
    observed[mutant.name] = [test for test in mutant.caught_by if test in found.failed]
    assert set(observed[mutant.name]) == set(mutant.caught_by), found.output


def test_the_list_of_mutants_is_what_was_seen() -> None:
    if os.environ.get("MUTANTS") == "write":
        LIST.write_text(written(observed))
    assert LIST.read_text() == written({mutant.name: list(mutant.caught_by) for mutant in MUTANTS})
