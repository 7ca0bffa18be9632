"""What is to happen between two calls: commands of /control/ that wait for a certain call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
MOST_CUES = 1_000


@dataclass(slots=True)
class Cue:
    """`command` with its `body`, just before call number `number` (from 1) of `method` ("*" is any) in a mailbox."""

    command: str
    body: Json
    method: str = "*"
    number: int = 1
    email: str = ""
    heard: int = field(default=0, init=False)
    outcome: str = field(default="waiting", init=False)  # then "done", or what was wrong with it

    @classmethod
    def read(cls, spec: Mapping[str, Any]) -> "Cue":
        """From a cue as POST /control/script takes it. Raises KeyError, ValueError."""
        before = dict(spec.get("before") or {})
        if unknown := (before.keys() - {"method", "number", "email"}) | (spec.keys() - {"before", "command", "body"}):
            raise ValueError(f"not a cue: {sorted(unknown)}")
        return cls(
            str(spec["command"]),
            dict(spec.get("body") or {}),
            str(before.get("method", "*")),
            int(before.get("number", 1)),
            str(before.get("email", "")),
        )

    def falls(self, method: str, email: str) -> bool:
        """Whether this call is the one; every call of the kind is counted."""
        if self.method not in (method, "*") or self.email not in (email, ""):
            return False
        self.heard += 1
        return self.heard == self.number


class Script:
    """The cues of a simulator; `perform` does what one of them says, and raises ValueError when it makes no sense."""

    def __init__(self, perform: Callable[[str, Json], object] = lambda command, body: None) -> None:
        self.perform = perform
        self.cues: list[Cue] = []

    def replace(self, cues: list[Cue]) -> None:
        """Forget the cues before. Raises ValueError."""
        if len(cues) > MOST_CUES:
            raise ValueError(f"at most {MOST_CUES} cues")
        self.cues = cues

    def before(self, method: str, email: str) -> bool:
        """Do what was to happen before this call; whether anything was."""
        due = [cue for cue in self.cues if cue.falls(method, email)]
        for cue in due:
            try:
                self.perform(cue.command, cue.body)
                cue.outcome = "done"
            except ValueError as error:  # such as a message that another cue deleted
                cue.outcome = str(error)
        return bool(due)
