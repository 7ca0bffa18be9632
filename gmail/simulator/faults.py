"""Scripted trouble: which call meets which fault."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from gmail.simulator import refusals
from gmail.simulator.refusals import Refusal

TRANSPORT = frozenset({"reset", "truncate", "hang", "slow", "close", "missing_part"})
CONTENT = frozenset({"empty_page", "absent_labels", "duplicate_records"})
PAGED = frozenset({"expired_page_token"})
REFUSALS = {
    "401": refusals.unauthenticated(),
    "403": refusals.quota_exceeded("user"),
    "404": refusals.not_found(),
    "429": refusals.exhausted(),
    "500": refusals.backend(500),
    "502": refusals.backend(502),
    "503": refusals.backend(503),
    "504": refusals.backend(504),
    "concurrent": refusals.too_many_concurrent(),
    "daily_limit": refusals.daily_limit(),
    "project_limit": refusals.quota_exceeded("project"),
    "quotaExceeded": refusals.quota_spent(),
    "domain_policy": refusals.domain_policy(),
    "user_rate_limit": refusals.user_rate_limit(),
    "failedPrecondition": refusals.failed_precondition(),
    "history404": refusals.not_found(),
    "expired_page_token": refusals.invalid("Invalid pageToken"),
    "retry_after": refusals.retry_after(0),
    "retry_after_403": refusals.retry_after_forbidden(0),
}
NAMING_ITS_END = {"retry_after": refusals.retry_after, "retry_after_403": refusals.retry_after_forbidden}
KINDS = TRANSPORT | CONTENT | REFUSALS.keys()
HANG = 3_600.0
BY_NAME = frozenset({"batch", "token"})
"""What is no method of the API: it meets only the rules that name it."""


@dataclass(slots=True)
class Rule:
    """A fault for the calls that match, at most `times` times, at every `every`-th of them, with `probability`."""

    fault: str
    method: str = ""
    ids: frozenset[str] = frozenset()
    email: str = ""
    every: int = 1
    times: int | None = None
    seconds: float = 0.0
    probability: float = 1.0
    met: int = field(default=0, init=False)
    struck: int = field(default=0, init=False)

    @classmethod
    def read(cls, spec: Mapping[str, Any]) -> "Rule":
        """From a rule as POST /control/faults takes it. Raises ValueError."""
        match = dict(spec.get("match") or {})
        unknown = (match.keys() - {"method", "ids", "email", "every"}) | (
            spec.keys() - {"match", "fault", "times", "seconds", "probability"}
        )
        if unknown or spec.get("fault") not in KINDS:
            raise ValueError(f"not a rule: {sorted(unknown) or spec.get('fault')}; faults are {sorted(KINDS)}")
        return cls(
            fault=spec["fault"],
            method=match.get("method", ""),
            ids=frozenset(match.get("ids") or ()),
            email=match.get("email", ""),
            every=int(match.get("every") or 1),
            times=None if spec.get("times") is None else int(spec["times"]),
            seconds=float(spec.get("seconds") or 0.0),
            probability=float(spec.get("probability", 1.0)),
        )

    def fits(self, method: str, id: str, email: str, paged: bool) -> bool:
        """Whether the rule is about such a call; some faults are about history, or later pages, alone."""
        return (
            (self.method in (method, "*") if self.method else method not in BY_NAME)
            and (not self.ids or id in self.ids)
            and (not self.email or self.email == email)
            and (self.fault != "history404" or method == "history.list")
            and (self.fault not in PAGED or paged)
        )


@dataclass(frozen=True, slots=True)
class Fault:
    """What befalls one call."""

    kind: str
    seconds: float = 0.0

    def refusal(self, now: float) -> Refusal | None:
        """The answer instead of the right one, None if the fault is of another kind."""
        if self.kind in NAMING_ITS_END:
            return NAMING_ITS_END[self.kind](now + (self.seconds or 60.0))
        return REFUSALS.get(self.kind)


class Faults:
    """The rules in force; the first that strikes decides. The same seed and calls give the same faults."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.replace([])

    def replace(self, rules: list[Rule]) -> None:
        """Forget the rules before."""
        self.rules = rules
        self._random = Random(self._seed)

    def strike(self, method: str, id: str = "", email: str = "", paged: bool = False) -> Fault | None:
        """The fault that this call meets."""
        for rule in self.rules:
            if rule.fits(method, id, email, paged) and self._strikes(rule):
                return Fault(rule.fault, rule.seconds)
        return None

    def _strikes(self, rule: Rule) -> bool:
        rule.met += 1
        if rule.met % rule.every or (rule.times is not None and rule.struck >= rule.times):
            return False
        if rule.probability < 1.0 and self._random.random() >= rule.probability:
            return False
        rule.struck += 1
        return True
