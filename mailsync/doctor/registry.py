"""Name the checks, run them, keep what each found."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """What a finding means for whoever runs this."""

    OK = "ok"
    NOTE = "note"  # nothing is wrong, but it is worth knowing
    BAD = "bad"
    SKIPPED = "skipped"  # what it needs is bad already


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, in a sentence; `mend` says what to do about it."""

    level: Level
    said: str
    mend: str = ""
    check: str = ""

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Check:
    """A question to the installation; it is only asked when none of `needs` is bad."""

    name: str
    run: Callable[[], Iterable[Finding]]
    needs: tuple[str, ...] = ()


def many(count: int, one: str, more: str = "") -> str:
    """A number with its noun."""
    return f"{count} {one if count == 1 else more or one + 's'}"


def ok(said: str) -> Finding:
    """Nothing to mend."""
    return Finding(Level.OK, said)


def note(said: str, mend: str = "") -> Finding:
    """Worth knowing."""
    return Finding(Level.NOTE, said, mend)


def bad(said: str, mend: str) -> Finding:
    """To be mended."""
    return Finding(Level.BAD, said, mend)


def examine(checks: Iterable[Check]) -> list[Finding]:
    """Every finding of every check, in their order. A check that breaks is a finding, too: nothing hides the others."""
    found: list[Finding] = []
    broken: set[str] = set()
    for check in checks:
        missing = [need for need in check.needs if need in broken]
        mine = (
            [Finding(Level.SKIPPED, f"Not looked at: {', '.join(missing)} must be mended first.")]
            if missing
            else _run(check)
        )
        if any(each.level in (Level.BAD, Level.SKIPPED) for each in mine):
            broken.add(check.name)
        found += [Finding(each.level, each.said, each.mend, check.name) for each in mine]
    return found


def is_well(found: Iterable[Finding]) -> bool:
    """Whether there is nothing to mend."""
    return not any(each.level in (Level.BAD, Level.SKIPPED) for each in found)


def _run(check: Check) -> list[Finding]:
    try:
        return list(check.run())
    except Exception as error:  # its text may hold a secret
        return [
            bad(f"The check broke: {type(error).__name__}.", "This is a bug of the doctor's; the others were done.")
        ]
