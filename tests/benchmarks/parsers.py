"""Our parser beside others: what a mail costs, what raises, what they agree on."""

import json
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from gmail.simulator.corpus import Seeded
from tests.benchmarks import hazards
from tests.benchmarks.contestants import CONTESTANTS
from tests.benchmarks.table import aligned
from tests.flows.product import ROOT

PRESENT = 1_780_000_000_000
TO_READ, TO_SURVIVE = 300.0, 30.0
FIELDS = ("subject", "from_", "to", "date", "attachments")
HEADS = (
    "parser", "us / mail", "p99", "raised", "garbled", *FIELDS, "hazards raised", "garbled", "24 KB of ;", "135 KB of ("
)  # fmt: skip
ORDINARY = 3  # parsers that see the same thing are a majority


def run(mails: int, python: str) -> str:
    """The table. `python` is the interpreter with the libraries; those it lacks are named."""
    letters = [message.origin.raw(message) for message in Seeded.of("bench@example.com", 1, PRESENT, mails).mail()]
    corpus, hard = (told(python, list(each)) for each in (letters, hazards.hazards()))
    present = [name for name in CONTESTANTS if "missing" not in corpus[name]]
    usual = [majority(corpus[name]["seen"][place] for name in present) for place in range(len(letters))]
    rows = [row(python, name, corpus[name], hard[name], usual) for name in CONTESTANTS]
    return (
        f"{len(letters):,} letters of the simulator, {len(list(hazards.hazards()))} hazards; us of CPU for all that a mirror"
        f" shows of a mail; agreement with what at least {ORDINARY} parsers see\n\n" + aligned(HEADS, rows)
    )


def told(python: str, mails: Sequence[bytes]) -> dict[str, dict[str, Any]]:
    """What each parser says of the same mails."""
    return {name: child(python, name, mails, TO_READ) for name in CONTESTANTS}


def child(python: str, name: str, mails: Sequence[bytes], within: float) -> dict[str, Any]:
    """What one says in a process of its own; {"died": how} when it does not come back."""
    with tempfile.NamedTemporaryFile("w", suffix=".hex") as file:
        file.writelines(f"{raw.hex()}\n" for raw in mails)
        file.flush()
        command = [python, "-m", "tests.benchmarks.parsing", name, file.name]
        try:
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=within, check=False)
        except subprocess.TimeoutExpired:
            return {"died": f"> {within:.0f} s"}
    if done.returncode:
        return {"died": f"exit {done.returncode}"}
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def row(python: str, name: str, corpus: Any, hard: Any, usual: list[dict[str, str]]) -> list[str]:
    """One parser's line."""
    if "missing" in corpus:
        return [name, "not installed", *[""] * (len(HEADS) - 2)]
    cpu = sorted(corpus["cpu"])
    return [
        name,
        f"{1e6 * sum(cpu) / len(cpu):,.0f}",
        f"{1e6 * cpu[len(cpu) * 99 // 100]:,.0f}",
        *told_of(corpus),
        *(f"{agreement(corpus['seen'], usual, field):.1%}" for field in FIELDS),
        *told_of(hard),
        *(
            survived(child(python, name, [raw], TO_SURVIVE))
            for raw in (hazards.EMPTY_PARAMETERS, hazards.NESTED_COMMENTS)
        ),
    ]


def told_of(answer: dict[str, Any]) -> list[str]:
    """How many mails raised, in how many of the others a character was lost."""
    if "died" in answer:
        return [answer["died"], ""]
    raised = [outcome for outcome in answer["seen"] if isinstance(outcome, str)]
    garbled = [outcome for outcome in answer["seen"] if isinstance(outcome, dict) and outcome["garbled"]]
    return [str(len(raised)), str(len(garbled))]


def survived(answer: dict[str, Any]) -> str:
    """Milliseconds, or what happened instead."""
    if "died" in answer:
        return str(answer["died"])
    (outcome,), (seconds,) = answer["seen"], answer["cpu"]
    return outcome if isinstance(outcome, str) else f"{1000 * seconds:,.1f} ms"


def majority(seen: Iterable[Any]) -> dict[str, str]:
    """Each field as most see it, where enough do."""
    whole = [outcome for outcome in seen if isinstance(outcome, dict)]
    return dict(_usual(whole))


def _usual(whole: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for field in FIELDS:
        votes = Counter(json.dumps(outcome[field]) for outcome in whole)
        (value, count), *_ = votes.most_common(1) or [("", 0)]
        if count >= ORDINARY:
            yield field, value


def agreement(seen: Sequence[Any], usual: Sequence[dict[str, str]], field: str) -> float:
    """The share of mails on which one sees what most see."""
    judged = [(outcome, each[field]) for outcome, each in zip(seen, usual, strict=True) if field in each]
    same = sum(isinstance(outcome, dict) and json.dumps(outcome[field]) == value for outcome, value in judged)
    return same / len(judged) if judged else 1.0
